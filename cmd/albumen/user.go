package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"albumen/app"
	"albumen/config"
	"albumen/db"
)

func (p *program) user() *cobra.Command {
	c := &cobra.Command{
		Use: "user", Short: "Create, list and change accounts", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return fmt.Errorf("%w: say what to do, such as albumen user list", errUsage)
		},
	}
	c.AddCommand(p.userCreate(), p.userList(), p.userSuspend(), p.userResetPassword(), p.userResetFactor())
	return c
}

// withUsers runs fn with the use-cases on the database; accounts need nothing else.
func (p *program) withUsers(ctx context.Context, fn func(*app.App) error) error {
	cfg, log, err := p.load(config.NeedDatabase)
	if err != nil {
		return err
	}
	pool, err := p.openDB(ctx, cfg)
	if err != nil {
		return err
	}
	defer pool.Close()
	return fn(app.New(app.Deps{DB: pool, Log: log, DefaultZone: cfg.DefaultTimeZone, Now: time.Now, BreachedPasswords: breachedPasswords(cfg)}))
}

// breachedPasswords is where an operator puts the list of passwords to refuse.
func breachedPasswords(cfg *config.Config) string {
	return filepath.Join(cfg.DataDir, "breached-passwords.txt")
}

func (p *program) userCreate() *cobra.Command {
	var n app.NewUser
	var fromStdin bool
	c := p.withJSON(&cobra.Command{
		Use: "create --email E --password-stdin", Short: "Create an account", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			if n.Password, err = p.readPassword(fromStdin); err != nil {
				return err
			}
			return p.withUsers(c.Context(), func(a *app.App) error {
				user, err := a.CreateUser(c.Context(), app.SystemActor(), n)
				if err != nil {
					return err
				}
				if p.asJSON {
					return p.printJSON(shownUser(user))
				}
				_, err = fmt.Fprintf(p.out, "Created %s.\n", user.Email)
				return err
			})
		},
	})
	emailFlag(c, &n.Email)
	c.Flags().StringVar(&n.Name, "name", "", "name shown to others (default: what stands before the @)")
	c.Flags().BoolVar(&n.Admin, "admin", false, "make an administrator")
	passwordFlag(c, &fromStdin)
	return c
}

// userLine is an account as printed; it has no secrets.
type userLine struct {
	ID          uuid.UUID  `json:"id"`
	Email       string     `json:"email"`
	Name        string     `json:"name"`
	Admin       bool       `json:"admin"`
	SuspendedAt *time.Time `json:"suspended_at"`
	VerifiedAt  *time.Time `json:"verified_at"`
	CreatedAt   time.Time  `json:"created_at"`
	UsedBytes   int64      `json:"used_bytes"`
}

func shownUser(u db.User) userLine {
	return userLine{u.ID, u.Email, u.Name, u.IsAdmin, u.SuspendedAt, u.EmailVerifiedAt, u.CreatedAt, u.UsedBytes}
}

func (p *program) userList() *cobra.Command {
	return p.withJSON(&cobra.Command{
		Use: "list", Short: "List the accounts", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withUsers(c.Context(), func(a *app.App) error {
				users, err := a.Users(c.Context(), app.SystemActor())
				if err != nil {
					return err
				}
				lines := make([]userLine, len(users))
				for i, u := range users {
					lines[i] = shownUser(u)
				}
				if p.asJSON {
					return p.printJSON(lines)
				}
				w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
				fmt.Fprintln(w, "E-MAIL\tNAME\tROLE\tSTATE\tCREATED")
				for _, u := range lines {
					role, state := "member", "active"
					if u.Admin {
						role = "admin"
					}
					if u.VerifiedAt == nil {
						state = "unconfirmed"
					}
					if u.SuspendedAt != nil {
						state = "suspended"
					}
					fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", u.Email, u.Name, role, state, u.CreatedAt.Format(time.DateOnly))
				}
				return w.Flush()
			})
		},
	})
}

func (p *program) userSuspend() *cobra.Command {
	var email string
	var lift bool
	c := &cobra.Command{
		Use: "suspend --email E", Short: "Shut an account out at once, or let it in again", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withUser(c.Context(), email, func(a *app.App, u db.User) error {
				if err := a.SuspendUser(c.Context(), app.SystemActor(), u.ID, !lift); err != nil {
					return err
				}
				said := "Suspended %s: sessions are ended, tokens refused.\n"
				if lift {
					said = "%s may sign in again.\n"
				}
				_, err := fmt.Fprintf(p.out, said, u.Email)
				return err
			})
		},
	}
	emailFlag(c, &email)
	c.Flags().BoolVar(&lift, "lift", false, "end the suspension")
	return c
}

func (p *program) userResetPassword() *cobra.Command {
	var email string
	var fromStdin bool
	c := &cobra.Command{
		Use: "reset-password --email E --password-stdin", Short: "Set a new password, end all sessions and revoke all tokens", Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			password, err := p.readPassword(fromStdin)
			if err != nil {
				return err
			}
			return p.withUser(c.Context(), email, func(a *app.App, u db.User) error {
				if err := a.ResetPassword(c.Context(), app.SystemActor(), u.ID, password); err != nil {
					return err
				}
				_, err := fmt.Fprintf(p.out, "%s has a new password; sessions are ended, tokens revoked.\n", u.Email)
				return err
			})
		},
	}
	emailFlag(c, &email)
	passwordFlag(c, &fromStdin)
	return c
}

func (p *program) withUser(ctx context.Context, email string, fn func(*app.App, db.User) error) error {
	return p.withUsers(ctx, func(a *app.App) error {
		user, err := a.UserByEmail(ctx, app.SystemActor(), email)
		if err != nil {
			return err
		}
		return fn(a, user)
	})
}

func emailFlag(c *cobra.Command, to *string) {
	c.Flags().StringVar(to, "email", "", "e-mail address of the account")
	if err := c.MarkFlagRequired("email"); err != nil {
		panic(err) // the flag stands in the line above
	}
}

func passwordFlag(c *cobra.Command, to *bool) {
	c.Flags().BoolVar(to, "password-stdin", false, "read the password from standard input, where it shows up in no process list")
	if err := c.MarkFlagRequired("password-stdin"); err != nil {
		panic(err) // the flag stands in the line above
	}
}

// readPassword reads one line; at a terminal it asks and does not echo.
func (p *program) readPassword(fromStdin bool) (string, error) {
	if !fromStdin {
		return "", fmt.Errorf("%w: the password comes from standard input: give --password-stdin", errUsage)
	}
	if fd := int(p.in.Fd()); term.IsTerminal(fd) {
		fmt.Fprint(p.err, "Password: ")
		typed, err := term.ReadPassword(fd)
		fmt.Fprintln(p.err)
		if err != nil {
			return "", fmt.Errorf("read the password: %w", err)
		}
		return string(typed), nil
	}
	line, err := bufio.NewReader(io.LimitReader(p.in, 4096)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the password: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

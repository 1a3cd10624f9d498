package app

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"albumen/db"
)

// maxCategory is the longest name of a category, in characters.
const maxCategory = 100

// What the audit log calls acts on categories.
const (
	auditCategoryCreate AuditAction = "category.create"
	auditCategoryRename AuditAction = "category.rename"
	auditCategoryDelete AuditAction = "category.delete"
)

// Categories returns the site's list of categories, by name.
func (a *App) Categories(ctx context.Context, actor Actor) ([]db.Category, error) {
	if err := actor.allow(ListOwn); err != nil {
		return nil, err
	}
	list, err := a.db.Categories(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the categories: %w", err)
	}
	return list, nil
}

// CreateCategory adds one to the site's list. CodeInvalid for a name that is
// empty, too long or taken.
func (a *App) CreateCategory(ctx context.Context, actor Actor, name string) (db.Category, error) {
	if err := actor.allow(ManageSite); err != nil {
		return db.Category{}, err
	}
	if err := categoryName(&name); err != nil {
		return db.Category{}, err
	}
	c := db.Category{ID: newID(), Name: name, CreatedAt: a.now()}
	err := a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		if err := q.CreateCategory(ctx, db.CreateCategoryParams(c)); err != nil {
			return categoryError("create a category", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditCategoryCreate, Kind: "category", Object: c.ID, Detail: map[string]any{"name": name}})
	})
	return c, err
}

// RenameCategory gives one another name, wherever it is used.
func (a *App) RenameCategory(ctx context.Context, actor Actor, id uuid.UUID, name string) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	if err := categoryName(&name); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		was, err := q.CategoryByID(ctx, id)
		if db.IsNotFound(err) {
			return NotFound("category")
		}
		if err != nil {
			return fmt.Errorf("load category %s: %w", id, err)
		}
		if _, err := q.RenameCategory(ctx, db.RenameCategoryParams{ID: id, Name: name}); err != nil {
			return categoryError("rename a category", err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditCategoryRename, Kind: "category", Object: id,
			Detail: map[string]any{"before": was.Name, "after": name}})
	})
}

// DeleteCategory takes one off the list. Albums that are in it stay, in none.
func (a *App) DeleteCategory(ctx context.Context, actor Actor, id uuid.UUID) error {
	if err := actor.allow(ManageSite); err != nil {
		return err
	}
	return a.db.InTx(ctx, func(q *db.Queries, _ pgx.Tx) error {
		name, err := q.DeleteCategory(ctx, id)
		if db.IsNotFound(err) {
			return NotFound("category")
		}
		if err != nil {
			return fmt.Errorf("delete category %s: %w", id, err)
		}
		return a.audit(ctx, q, actor, auditEvent{Action: auditCategoryDelete, Kind: "category", Object: id, Detail: map[string]any{"name": name}})
	})
}

func categoryName(name *string) error {
	*name = strings.Join(strings.Fields(*name), " ")
	if *name == "" || len([]rune(*name)) > maxCategory || !storable(*name) {
		return Invalid("name", "error.field.category_name")
	}
	return nil
}

func categoryError(doing string, err error) error {
	if db.UniqueViolation(err) == "categories_name_key" {
		return Invalid("name", "error.field.category_taken")
	}
	return fmt.Errorf("%s: %w", doing, err)
}

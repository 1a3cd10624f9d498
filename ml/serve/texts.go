package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/ml"
)

const (
	// block is how long one look for texts waits inside Redis.
	block = time.Second
	// textBatch is how many waiting texts are taken at once; so few overtake
	// pictures inside the model, too.
	textBatch = 8
	// replyLives is how long an answer waits for its reader.
	replyLives = 10 * time.Second
)

// textLane answers the texts that people wait for.
type textLane struct {
	pool  *redis.Pool
	keys  ml.Keys
	model Model
	log   *slog.Logger
}

// run answers until ctx ends.
func (l *textLane) run(ctx context.Context) {
	for ctx.Err() == nil {
		if err := l.next(ctx); err != nil && ctx.Err() == nil {
			l.log.DebugContext(ctx, "could not answer texts; trying again", "error", err)
			sleep(ctx, pause)
		}
	}
}

// next takes the texts that wait, or waits for some, and answers them.
func (l *textLane) next(ctx context.Context) error {
	conn, err := l.pool.GetContext(ctx)
	if err != nil {
		return fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	list := l.keys.Text(ml.ModelKey(l.model.Identity().ID))
	taken, err := redis.ByteSlices(redis.DoWithTimeout(conn, 10*block, "BLPOP", list, block.Seconds()))
	if errors.Is(err, redis.ErrNil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("wait for texts: %w", err)
	}
	// Without ctx: what was taken is answered also when a stop comes.
	more, err := redis.ByteSlices(redis.DoWithTimeout(conn, 10*block, "LPOP", list, textBatch-1))
	if err != nil && !errors.Is(err, redis.ErrNil) {
		return fmt.Errorf("take texts: %w", err)
	}
	return l.answer(ctx, conn, append([][]byte{taken[1]}, more...))
}

// answer embeds the texts of those who still wait.
func (l *textLane) answer(ctx context.Context, conn redis.Conn, raw [][]byte) error {
	var requests []ml.TextRequest
	var texts []string
	for _, one := range raw {
		var r ml.TextRequest
		switch err := json.Unmarshal(one, &r); {
		case err != nil || r.ID == "" || len(r.ID) > maxID:
			l.log.WarnContext(ctx, "dropped a request that cannot be read", "error", err)
		case time.Now().After(r.Deadline): // nobody waits for it any more
		case len(r.Text) > ml.MaxTextBytes:
			if err := l.reply(conn, r.ID, ml.TextReply{Error: ml.ReplyInvalid}); err != nil {
				return err
			}
		default:
			requests, texts = append(requests, r), append(texts, r.Text)
		}
	}
	if len(requests) == 0 {
		return nil
	}
	vectors, err := l.model.EmbedTexts(context.WithoutCancel(ctx), texts)
	if err == nil && len(vectors) != len(texts) {
		err = fmt.Errorf("the model answered %d vectors for %d texts", len(vectors), len(texts))
	}
	if err != nil {
		l.log.ErrorContext(ctx, "could not embed texts", "texts", len(texts), "error", err)
	}
	for i, r := range requests {
		reply := ml.TextReply{Error: ml.ReplyInternal}
		if err == nil {
			reply = ml.TextReply{Model: l.model.Identity(), Vector: ml.EncodeVector(vectors[i])}
		}
		if err := l.reply(conn, r.ID, reply); err != nil {
			return err
		}
	}
	return nil
}

// maxID bounds what becomes part of a key; clients send a UUID.
const maxID = 64

func (l *textLane) reply(conn redis.Conn, id string, reply ml.TextReply) error {
	encoded, err := json.Marshal(reply)
	if err != nil {
		return fmt.Errorf("encode an answer: %w", err)
	}
	key := l.keys.Reply(id)
	for _, command := range []struct {
		name string
		args []any
	}{
		{"MULTI", nil}, {"RPUSH", []any{key, encoded}}, {"PEXPIRE", []any{key, replyLives.Milliseconds()}},
	} {
		if err := conn.Send(command.name, command.args...); err != nil {
			return fmt.Errorf("answer a request: %w", err)
		}
	}
	if _, err := conn.Do("EXEC"); err != nil {
		return fmt.Errorf("answer a request: %w", err)
	}
	return nil
}

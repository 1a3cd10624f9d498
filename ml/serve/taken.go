package serve

import (
	"context"
	"time"

	"github.com/gomodule/redigo/redis"

	"albumen/ml"
)

const (
	// mostTaken is how often one attempt is begun. The queue brings a job back
	// whose process died, for ever, and does not count: a picture that kills its
	// process must not kill each that comes after.
	mostTaken = 2
	// takenLives outlives the time in which the queue brings a job back.
	takenLives = time.Hour
)

// taken counts that an attempt is begun, and reports whether it has been begun
// too often. Where Redis does not say, it has not.
func (l *imageLane) taken(request ml.EmbedImage) bool {
	key := ml.Keys{Prefix: l.cfg.Prefix}.Taken(request)
	n, err := redis.Int(l.ask("INCR", key))
	if err == nil {
		_, err = l.ask("PEXPIRE", key, takenLives.Milliseconds())
	}
	if err != nil {
		l.log.Debug("could not count how often a picture was begun", "media", request.MediaID, "error", err)
	}
	return n > mostTaken
}

// untaken forgets the count: the attempt has ended.
func (l *imageLane) untaken(request ml.EmbedImage) {
	if _, err := l.ask("DEL", ml.Keys{Prefix: l.cfg.Prefix}.Taken(request)); err != nil {
		l.log.Debug("could not forget that a picture was begun; it expires", "media", request.MediaID, "error", err)
	}
}

func (l *imageLane) ask(command string, args ...any) (any, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(l.working), sendWithin)
	defer cancel()
	conn, err := l.cfg.Redis.GetContext(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	return redis.DoContext(conn, ctx, command, args...)
}

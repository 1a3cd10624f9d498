package ml

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
	"golang.org/x/text/unicode/norm"
)

const (
	// textKept is how long an answer is kept after it was last asked for: people
	// page through a search, reload it and come back to it.
	textKept = 7 * 24 * time.Hour
	// largestKept bounds one answer in Redis: a vector of 4,096 numbers.
	largestKept = 16 << 10
)

// CachedText holds the answer for a text (normalised) by a model.
func (k Keys) CachedText(modelKey, text string) string {
	sum := sha256.Sum256([]byte(text))
	return k.Prefix + ":cache:" + modelKey + ":" + hex.EncodeToString(sum[:16])
}

// normaliseText makes one of the spellings that models do not tell apart: they
// all compose, fold case and collapse space before they read.
func normaliseText(text string) string {
	return cut(strings.ToLower(strings.Join(strings.Fields(norm.NFC.String(text)), " ")), MaxTextBytes)
}

// EmbedText returns the unit vector of a text by a model: at once where it was
// asked for before, even while no ml process is there. Otherwise it waits until
// the context's deadline (seven seconds at most), or two seconds where there is
// none; ErrNoModel (at once) and ErrUnavailable (at once where many texts are
// waited for, or one was just left unanswered) say that search goes on without meaning.
func (c *Client) EmbedText(ctx context.Context, modelID, text string) ([]float32, error) {
	text = normaliseText(text)
	key := c.keys.CachedText(ModelKey(modelID), text)
	if v, err := c.cached(ctx, key); v != nil || err != nil {
		return v, err
	}
	v, err := c.askText(ctx, modelID, text)
	if err != nil {
		return nil, err
	}
	if encoded := EncodeVector(v); len(encoded) <= largestKept {
		conn, err := c.pool.GetContext(ctx)
		if err != nil {
			return v, nil // the answer is there; only the next search has to ask again
		}
		defer conn.Close()
		_, _ = redis.DoContext(conn, ctx, "SET", key, encoded, "EX", int(textKept.Seconds()))
	}
	return v, nil
}

// cached returns nil where nothing usable is kept.
func (c *Client) cached(ctx context.Context, key string) ([]float32, error) {
	conn, err := c.pool.GetContext(ctx)
	if err != nil {
		return nil, fmt.Errorf("connect to Redis: %w", err)
	}
	defer conn.Close()
	kept, err := redis.Bytes(redis.DoContext(conn, ctx, "GETEX", key, "EX", int(textKept.Seconds())))
	if errors.Is(err, redis.ErrNil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for a text's vector: %w", err)
	}
	v, err := DecodeVector(kept, len(kept)/4)
	if err != nil {
		return nil, nil // somebody else's bytes; the ml process knows better
	}
	return v, nil
}

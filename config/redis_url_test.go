package config_test

import (
	"testing"

	"albumen/config"
)

func TestRedisURLIsTheSameAddress(t *testing.T) {
	for _, text := range []string{
		"redis://localhost:6379/0", "rediss://user:p%40ss%2Fword@redis.example:6380/3", "redis://:secret@[::1]:6379/1",
		"unix:///run/redis/redis.sock?db=2", "unix://:secret@/run/redis.sock?db=0",
	} {
		want, err := config.ParseRedis(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := config.ParseRedis(want.URL()); err != nil || got != want {
			t.Errorf("%s becomes %s: %+v, %v; want %+v", text, want.URL(), got, err, want)
		}
	}
}

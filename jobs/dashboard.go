package jobs

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/gocraft/work"
)

// State is the queue at one moment, for the jobs page and `albumen jobs`.
type State struct {
	Queues    []QueueState  `json:"queues"`
	Running   []RunningJob  `json:"running"`
	Workers   []WorkerState `json:"workers"`
	Retries   int64         `json:"retries"`   // jobs that wait for another try
	Scheduled int64         `json:"scheduled"` // jobs with a time of their own
	Dead      int64         `json:"dead"`      // jobs that were given up
}

// QueueState is one kind of job.
type QueueState struct {
	Kind           string `json:"kind"`
	Waiting        int64  `json:"waiting"`
	LatencySeconds int64  `json:"latency_seconds"` // age of the job that is next
}

// RunningJob is a job that a worker has in hand.
type RunningJob struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	Args    string    `json:"args"` // JSON
	Started time.Time `json:"started"`
}

// WorkerState is one worker process that has been heard of lately.
type WorkerState struct {
	Host      string    `json:"host"`
	PID       int       `json:"pid"`
	Slots     int       `json:"slots"` // jobs at a time
	Started   time.Time `json:"started"`
	Heartbeat time.Time `json:"heartbeat"`
}

// heartbeatFresh is how long a worker counts as living after a heartbeat; it
// sends one every 5 s.
const heartbeatFresh = 15 * time.Second

// State reads the queue. now decides which workers are still alive.
func (q *Queue) State(ctx context.Context, now time.Time) (State, error) {
	if err := ctx.Err(); err != nil {
		return State{}, err
	}
	client := work.NewClient(q.namespace, q.pool)
	var s State
	queues, err := client.Queues()
	if err != nil {
		return State{}, fmt.Errorf("read the queues: %w", err)
	}
	for _, x := range queues {
		s.Queues = append(s.Queues, QueueState{Kind: x.JobName, Waiting: x.Count, LatencySeconds: x.Latency})
	}
	observations, err := client.WorkerObservations()
	if err != nil {
		return State{}, fmt.Errorf("read the running jobs: %w", err)
	}
	for _, o := range observations {
		if o.IsBusy {
			s.Running = append(s.Running, RunningJob{ID: o.JobID, Kind: o.JobName, Args: o.ArgsJSON, Started: time.Unix(o.StartedAt, 0).UTC()})
		}
	}
	beats, err := client.WorkerPoolHeartbeats()
	if err != nil {
		return State{}, fmt.Errorf("read the workers: %w", err)
	}
	s.Workers = living(beats, now)
	if _, s.Retries, err = client.RetryJobs(1); err != nil {
		return State{}, fmt.Errorf("read the retries: %w", err)
	}
	if _, s.Scheduled, err = client.ScheduledJobs(1); err != nil {
		return State{}, fmt.Errorf("read the schedule: %w", err)
	}
	if _, s.Dead, err = client.DeadJobs(1); err != nil {
		return State{}, fmt.Errorf("read the dead jobs: %w", err)
	}
	return s, nil
}

// living joins the slots of each process: a worker has one pool per slot.
func living(beats []*work.WorkerPoolHeartbeat, now time.Time) []WorkerState {
	type process struct {
		host string
		pid  int
	}
	joined := map[process]*WorkerState{}
	for _, b := range beats {
		at := time.Unix(b.HeartbeatAt, 0).UTC()
		if now.Sub(at) > heartbeatFresh {
			continue
		}
		key := process{b.Host, b.Pid}
		w := joined[key]
		if w == nil {
			w = &WorkerState{Host: b.Host, PID: b.Pid, Started: time.Unix(b.StartedAt, 0).UTC()}
			joined[key] = w
		}
		w.Slots += int(b.Concurrency)
		if at.After(w.Heartbeat) {
			w.Heartbeat = at
		}
	}
	workers := make([]WorkerState, 0, len(joined))
	for _, w := range joined {
		workers = append(workers, *w)
	}
	sort.Slice(workers, func(i, j int) bool {
		a, b := workers[i], workers[j]
		return a.Host < b.Host || a.Host == b.Host && a.PID < b.PID
	})
	return workers
}

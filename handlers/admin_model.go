package handlers

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"albumen/app"
	"albumen/db"
	"albumen/i18n"
	"albumen/ml"
	"albumen/views/admin"
	"albumen/views/layout"
)

// modelApp is what looking after search by meaning needs.
type modelApp interface {
	MeaningState(context.Context, app.Actor) (app.MeaningState, error)
	EmbedAll(context.Context, app.Actor, app.EmbedOptions) ([]string, error)
	RetryEmbedding(context.Context, app.Actor, uuid.UUID) error
	UseModel(context.Context, app.Actor, int) error
	PruneModels(context.Context, app.Actor) ([]string, error)
}

type modelHandlers struct {
	*Server
	app modelApp
}

const modelPath = "/admin/model"

// show tells how the models and the ml processes are.
func (h modelHandlers) show(c echo.Context) error {
	ctx := c.Request().Context()
	state, err := h.app.MeaningState(ctx, h.actor(c))
	if err != nil {
		return err
	}
	p := admin.Model{
		Page: h.page(c), Problem: problemOf(ctx, state), RetryURL: modelPath + "/retry", PruneURL: modelPath + "/prune",
		Command: "albumen-ml fetch-model",
	}
	var retired, removing []string
	for _, m := range state.Models {
		switch {
		case m.RemoveAsked != nil:
			removing = append(removing, m.Label)
			continue
		case m.State == db.EmbeddingModelStateRetired:
			retired = append(retired, m.Label)
			continue
		}
		p.MissedURL, p.AgainURL = modelPath+"/missed", modelPath+"/again"
		p.Models = append(p.Models, modelCard(ctx, m))
	}
	p.Retired = strings.Join(retired, ", ")
	if len(removing) > 0 {
		p.Removing = i18n.T(ctx, "model.removing", "Names", strings.Join(removing, ", "))
	}
	for _, s := range state.Processes {
		p.Processes = append(p.Processes, mlProcess(ctx, s))
	}
	for _, f := range state.Failures {
		shown := failureOf(ctx, f.SiteFailure)
		shown.Reason, shown.RetryURL = aiFailureText(ctx, f.Code), modelPath+"/media/"+f.ID.String()+"/retry"
		p.Failed = append(p.Failed, shown)
	}
	return h.render(c, http.StatusOK, admin.ModelPage(p))
}

func modelCard(ctx context.Context, m app.ModelInfo) admin.ModelCard {
	card := admin.ModelCard{
		Name: m.Label, ID: m.Name, State: i18n.T(ctx, "model.state_active"), Random: m.Random,
		Facts: i18n.T(ctx, "model.dimension_trained", "N", i18n.Number(ctx, int(m.Dimension))),
		Done:  m.Done, Total: m.Total(), Progress: progressText(ctx, m.ModelProgress), Left: leftText(ctx, m.TimeLeft()),
	}
	if m.Random {
		card.Facts = i18n.T(ctx, "model.dimension_random", "N", i18n.Number(ctx, int(m.Dimension)))
	}
	if m.State == db.EmbeddingModelStateBuilding {
		card.State, card.UseNote = i18n.T(ctx, "model.state_building"), i18n.T(ctx, "model.switch_note")
		card.UseURL = fmt.Sprintf("%s/%d/use", modelPath, m.EmbeddingModel.ID)
	}
	return card
}

// progressText says how many photos a model has done.
func progressText(ctx context.Context, p app.ModelProgress) string {
	key := "model.going"
	switch {
	case p.Counting:
		key = "model.counting"
	case p.Total() == 0:
		key = "model.empty"
	case p.Left() > 0 && p.Failed > 0:
		key = "model.going_failed"
	case p.Left() > 0:
	case p.Failed > 0:
		key = "model.complete_failed"
	default:
		key = "model.complete"
	}
	number := func(n int) string { return i18n.Number(ctx, n) }
	return i18n.T(ctx, key, "Done", number(p.Done), "Total", number(p.Total()), "Waiting", number(p.Left()), "Failed", number(p.Failed))
}

// leftText says roughly how long something takes.
func leftText(ctx context.Context, d time.Duration) string {
	up := func(unit time.Duration) int { return int(math.Ceil(float64(d) / float64(unit))) }
	switch {
	case d <= 0:
		return ""
	case d < 90*time.Minute:
		return i18n.N(ctx, "model.left_minutes", up(time.Minute))
	case d < 36*time.Hour:
		return i18n.N(ctx, "model.left_hours", up(time.Hour))
	}
	return i18n.N(ctx, "model.left_days", up(24*time.Hour))
}

func mlProcess(ctx context.Context, s ml.Status) admin.MLProcess {
	p := admin.MLProcess{Host: fmt.Sprintf("%s:%d", s.Host, s.PID), OK: s.State == ml.StateReady, Device: s.Device, Since: s.Since}
	p.Busy = s.State == ml.StateLoading || s.State == ml.StateFetching
	name := s.Model.Name
	switch s.State {
	case ml.StateReady:
		p.State = i18n.T(ctx, "model.ready", "Name", name)
		if s.ImagesPerSecond > 0 {
			p.Rate = i18n.T(ctx, "model.rate", "Rate", i18n.Decimal(ctx, s.ImagesPerSecond, 1))
		}
	case ml.StateLoading:
		p.State = i18n.T(ctx, "model.loading", "Name", name)
	case ml.StateFetching:
		p.State, p.Fetched, p.FetchTotal = i18n.T(ctx, "model.fetching_begun", "Name", name), s.Fetched, s.FetchTotal
		if s.FetchTotal > 0 {
			p.State = i18n.T(ctx, "model.fetching", "Name", name, "Fetched", i18n.Bytes(ctx, s.Fetched), "Total", i18n.Bytes(ctx, s.FetchTotal))
		}
	case ml.StateFailed:
		p.State = i18n.T(ctx, "model.cannot_use", "Name", name)
	default:
		p.State = i18n.T(ctx, "model.waits_for_model", "Name", name)
	}
	return p
}

// problemOf says why search by meaning does not work; nil when it does.
func problemOf(ctx context.Context, state app.MeaningState) *admin.Problem {
	if state.Unheard {
		return &admin.Problem{Text: i18n.T(ctx, "model_problem.unheard"), Grave: true}
	}
	if len(state.Processes) == 0 {
		return &admin.Problem{Text: i18n.T(ctx, "model_problem.no_process"), Grave: true}
	}
	best := state.Processes[0]
	if best.State == ml.StateReady {
		return problemWhileReady(ctx, state)
	}
	p := &admin.Problem{Grave: true, Text: i18n.T(ctx, "model_problem.no_model"), Help: true}
	switch best.State {
	case ml.StateLoading:
		return &admin.Problem{Text: i18n.T(ctx, "model_problem.loading")}
	case ml.StateFetching:
		return &admin.Problem{Text: i18n.T(ctx, "model_problem.fetching")}
	case ml.StateFailed:
		p.Text = i18n.T(ctx, "model_problem.failed")
	}
	if best.Detail == nil {
		return p
	}
	p.Said = best.Detail.Text
	if key, ok := map[string]string{
		ml.DetailOffline: "model_problem.offline",
		ml.DetailRefused: "model_problem.refused",
		ml.DetailDisk:    "model_problem.disk",
		ml.DetailFolder:  "model_problem.bad_folder",
		ml.DetailMemory:  "model_problem.memory",
	}[best.Detail.Code]; ok {
		p.Text = i18n.T(ctx, key)
	}
	return p
}

// problemWhileReady tells of processes that are ready, but not with the model
// that search uses.
func problemWhileReady(ctx context.Context, state app.MeaningState) *admin.Problem {
	active := slices.IndexFunc(state.Models, func(m app.ModelInfo) bool { return m.State == db.EmbeddingModelStateActive })
	switch {
	case active < 0 || state.Models[active].Processes > 0:
		return nil
	case slices.ContainsFunc(state.Models, func(m app.ModelInfo) bool { return m.Processes > 0 }):
		return &admin.Problem{Text: i18n.T(ctx, "model_problem.away_other")}
	}
	return &admin.Problem{Text: i18n.T(ctx, "model_problem.away")}
}

// meaningRow is search by meaning in a sentence, and whether it is well.
func meaningRow(ctx context.Context, state app.MeaningState) (string, bool) {
	if p := problemOf(ctx, state); p != nil {
		return p.Text, false
	}
	for _, m := range state.Models {
		if m.State == db.EmbeddingModelStateActive && m.Left() > 0 {
			return i18n.T(ctx, "model.row_waiting", "Name", m.Label, "Waiting", i18n.Number(ctx, m.Left())), true
		}
	}
	return i18n.T(ctx, "model.row_ready", "Name", state.Processes[0].Model.Name), true
}

func (h modelHandlers) retry(c echo.Context) error {
	return h.embed(c, app.EmbedOptions{FailedOnly: true}, "receipt_of.embed_failed")
}

func (h modelHandlers) missed(c echo.Context) error {
	return h.embed(c, app.EmbedOptions{}, "receipt_of.embed_missed")
}

func (h modelHandlers) again(c echo.Context) error {
	return h.embed(c, app.EmbedOptions{Again: true}, "receipt_of.embed_again")
}

func (h modelHandlers) embed(c echo.Context, o app.EmbedOptions, receipt string) error {
	if _, err := h.app.EmbedAll(c.Request().Context(), h.actor(c), o); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), receipt)}, modelPath)
}

func (h modelHandlers) retryOne(c echo.Context) error {
	id, err := mediaID(c)
	if err != nil {
		return err
	}
	if err := h.app.RetryEmbedding(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "receipt_of.retried")}, modelPath)
}

func (h modelHandlers) use(c echo.Context) error {
	id, err := strconv.Atoi(c.Param("id"))
	if err != nil || id < 1 || id > math.MaxInt32 {
		return app.NotFound("model")
	}
	if err := h.app.UseModel(c.Request().Context(), h.actor(c), id); err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.T(c.Request().Context(), "receipt_of.model_used")}, modelPath)
}

func (h modelHandlers) prune(c echo.Context) error {
	asked, err := h.app.PruneModels(c.Request().Context(), h.actor(c))
	if err != nil {
		return err
	}
	return h.done(c, layout.Receipt{Text: i18n.N(c.Request().Context(), "receipt_of.pruned", len(asked))}, modelPath)
}

package clip

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"

	"golang.org/x/sync/errgroup"

	"albumen/ml/clip/kernel"
)

// ErrClosed is what a closed model answers.
var ErrClosed = errors.New("the model is closed")

const (
	// rowsAtOnce bounds how many rows of pictures a thread computes together: enough
	// to use each weight often while it is near, few enough to stay near themselves.
	rowsAtOnce = 256
	// textRows is how many tokens of texts are computed together, at least one text.
	textRows = 256
	// pixelsAtOnce bounds the bytes of the pictures that a thread computes together:
	// few patches may still be large ones.
	pixelsAtOnce = 4 << 20
	// overtaking is how many texts in one call may overtake pictures: a person's
	// query may, a vocabulary of labels may not.
	overtaking = 8
)

// Options are how a model runs.
type Options struct {
	Threads int // 0: one per processor core
}

// Model is a loaded model, safe for concurrent use: pictures and texts are computed
// beside each other, calls of one kind one after the other.
type Model struct {
	config    Config
	tokenizer *Tokenizer
	set       *kernel.Set
	threads   int

	gate    gate // held by texts
	imaging turn
	texting turn
	each    []*visionMachine // one thread each, for as many pictures as threads
	wide    *visionMachine   // all threads, for one picture; nil when there is one thread
	text    *textMachine     // all threads
	pools   []*pool
	memory  [][]float32
}

// turn is a lock that a cancelled context need not wait for.
type turn chan struct{}

// take waits for the turn.
func (t turn) take(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case _, open := <-t:
		if !open {
			return ErrClosed
		}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func newTurn() turn {
	t := make(turn, 1)
	t <- struct{}{}
	return t
}

// Load reads a model folder, packs its weights for this processor and builds the
// machines. What is wrong with the folder is a [*FolderError].
func Load(dir string, o Options) (*Model, error) {
	return load(dir, o, kernel.Best())
}

func load(dir string, o Options, set *kernel.Set) (_ *Model, err error) {
	m := &Model{set: set, threads: o.Threads, imaging: newTurn(), texting: newTurn()}
	if m.threads <= 0 {
		m.threads = runtime.GOMAXPROCS(0)
	}
	if m.config, err = ReadConfig(dir); err != nil {
		return nil, err
	}
	if m.tokenizer, err = ReadTokenizer(dir, m.config); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			m.release()
		}
	}()
	var vision visionWeights
	var text textWeights
	if err := m.readWeights(filepath.Join(dir, weightsFile), &vision, &text); err != nil {
		return nil, err
	}
	debug.FreeOSMemory() // the unpacked copies
	return m, m.build(&vision, &text)
}

func (m *Model) readWeights(path string, vision *visionWeights, text *textWeights) error {
	file, err := OpenWeights(path)
	if err != nil {
		return err
	}
	defer file.Close()
	var mu sync.Mutex
	r := &weightsReader{from: file, set: m.set, owned: func(b []float32) {
		mu.Lock()
		defer mu.Unlock()
		m.memory = append(m.memory, b)
	}}
	r.group, r.ctx = errgroup.WithContext(context.Background())
	r.group.SetLimit(m.threads)
	r.vision(vision, m.config)
	r.text(text, m.config)
	return r.group.Wait()
}

// build compiles the graphs: one per thread for pictures in number, one of all
// threads for a single picture, and one for texts. Pictures get threads of the lowest
// priority: nobody waits for them.
func (m *Model) build(vision *visionWeights, text *textWeights) error {
	look := func(threads, capacity int) (*visionMachine, error) {
		p, err := m.pool(threads, &m.gate, true)
		if err != nil {
			return nil, err
		}
		return newVisionMachine(vision, m.set, p, capacity)
	}
	side := m.config.Vision.ImageSize
	capacity := max(1, min(rowsAtOnce/m.config.Vision.Positions(), pixelsAtOnce/(3*side*side)))
	for range m.threads {
		v, err := look(1, capacity)
		if err != nil {
			return err
		}
		m.each = append(m.each, v)
	}
	var err error
	if m.threads > 1 {
		if m.wide, err = look(m.threads, 1); err != nil {
			return err
		}
	}
	all, err := m.pool(m.threads, nil, false)
	if err != nil {
		return err
	}
	m.text, err = newTextMachine(text, m.set, all, max(textRows, m.config.Text.Context))
	return err
}

// pool makes one that is closed with the model.
func (m *Model) pool(threads int, g *gate, idle bool) (*pool, error) {
	p, err := newPool(threads, g, idle)
	if err != nil {
		return nil, err
	}
	m.pools = append(m.pools, p)
	return p, nil
}

// Config is what the folder said.
func (m *Model) Config() Config { return m.config }

// Device says what the model runs on, such as "cpu avx2 ×2".
func (m *Model) Device() string { return fmt.Sprintf("cpu %s ×%d", m.set.Name(), m.threads) }

// Close waits for what is running and gives the memory back. Calls after it, and
// those that wait, get ErrClosed.
func (m *Model) Close() {
	background := context.Background()
	if m.imaging.take(background) != nil {
		return
	}
	close(m.imaging)
	if m.texting.take(background) != nil {
		return
	}
	close(m.texting)
	m.release()
}

func (m *Model) release() {
	for _, v := range append(m.each, m.wide) {
		if v != nil {
			v.close()
		}
	}
	if m.text != nil {
		m.text.close()
	}
	for _, p := range m.pools {
		p.close()
	}
	for _, b := range m.memory {
		kernel.Free(b)
	}
}

// EmbedImages gives each picture's vector, of unit length and Config.Projection
// long. A cancelled context ends it within milliseconds.
func (m *Model) EmbedImages(ctx context.Context, px []Pixels) ([][]float32, error) {
	side := m.config.Vision.ImageSize
	for i, p := range px {
		if p.Size != side || len(p.RGB) != side*side*3 {
			return nil, fmt.Errorf("picture %d has the size %d with %d bytes; the model looks at %d×%d", i, p.Size, len(p.RGB), side, side)
		}
	}
	if len(px) == 0 {
		return nil, nil
	}
	if err := m.imaging.take(ctx); err != nil {
		return nil, err
	}
	defer func() { m.imaging <- struct{}{} }()

	vectors := make([][]float32, len(px))
	alone := len(px) % m.threads // these leave threads idle, unless all work on each
	if 2*alone > m.threads {
		alone = 0
	}
	if err := m.embedEach(ctx, px[alone:], vectors[alone:]); err != nil {
		return nil, err
	}
	for i := range alone {
		v, err := m.wide.embed(ctx, px[i:i+1])
		if err != nil {
			return nil, err
		}
		vectors[i] = v[0]
	}
	return vectors, nil
}

// embedEach spreads pictures evenly over the machines of one thread.
func (m *Model) embedEach(ctx context.Context, px []Pixels, vectors [][]float32) error {
	group, ctx := errgroup.WithContext(ctx)
	for i, machine := range m.each {
		first, last := len(px)*i/len(m.each), len(px)*(i+1)/len(m.each)
		group.Go(func() error {
			for first < last {
				next := min(last, first+machine.capacity)
				v, err := machine.embed(ctx, px[first:next])
				if err != nil {
					return err
				}
				first += copy(vectors[first:], v)
			}
			return nil
		})
	}
	return group.Wait()
}

// EmbedTexts gives each text's vector, of unit length and Config.Projection long.
// A few texts overtake pictures that are being computed.
func (m *Model) EmbedTexts(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	ids := make([][]int32, len(texts))
	for i, t := range texts {
		ids[i] = m.tokenizer.Encode(t)
	}
	return m.embedTokens(ctx, ids)
}

// embedTokens embeds texts as the tokenizer gives them: no longer than the context, of
// ids that the vocabulary has.
func (m *Model) embedTokens(ctx context.Context, ids [][]int32) ([][]float32, error) {
	if len(ids) <= overtaking {
		defer m.gate.shut()()
	}
	if err := m.texting.take(ctx); err != nil {
		return nil, err
	}
	defer func() { m.texting <- struct{}{} }()
	var vectors [][]float32
	for len(vectors) < len(ids) {
		v, err := m.text.embed(ctx, ids[len(vectors):])
		if err != nil {
			return nil, err
		}
		vectors = append(vectors, v...)
	}
	return vectors, nil
}

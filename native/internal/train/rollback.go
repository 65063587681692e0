package train

import (
	"context"
	"errors"
	"fmt"

	"mien/shared/model"
)

// ErrDiverged says that training went wrong again and again, even at an eighth
// of the rate.
var ErrDiverged = errors.New("training diverged")

// Patience with losses that are not finite: so many steps in a row before the
// run goes back to its checkpoint at half the rate, so often.
const (
	badSteps    = 3
	maxHalvings = 3
)

// patience is how many steps a checkpoint waits while the run is no state to go
// back to: then it is what it is now.
const patience = 50

// compare holds a step's losses against their past. It returns why the run
// has to go back, if it has. Where a network has just joined, which may spoil
// the others at once, there is no past yet.
func (r *run) compare(losses map[string]float64) (why string) {
	name, times := r.at.Watch.add(r.engine.phase.Name, losses)
	joined := r.engine.phase.Name != r.phase(0).Name && r.at.Watch.young()
	if r.uneasy++; times < worrying && !joined {
		r.uneasy = 0
	}
	if times < diverged {
		return ""
	}
	return fmt.Sprintf("the loss of the %s stands at %.0f times its past", name, times)
}

// rollBack returns to the newest checkpoint at half the rate. What was
// published since is withdrawn, and the weights of the checkpoint take its
// place. After too many times these are the last.
func (r *run) rollBack(ctx context.Context, why string) error {
	if err := r.acknowledge(true); err != nil {
		r.warn("%v", err)
	}
	from, spent, halvings := r.at.Step, r.at.Seconds, r.at.Halvings+1 // what went wrong took its time, too
	s, err := r.newest()
	if err == nil && s == nil {
		err = errors.New("there is no checkpoint to go back to")
	}
	if err != nil {
		return fmt.Errorf("%w: step %d: %s: %w", ErrDiverged, from, why, err)
	}
	r.engine.close()
	r.engine, r.uneasy = nil, 0
	if err := r.restore(s); err != nil {
		return err
	}
	r.at.Seconds = spent
	if err := errors.Join(r.withdraw(), r.redraw()); err != nil {
		return err
	}
	if halvings > maxHalvings {
		err := fmt.Errorf("%w: step %d: %s, at 1/%d of the rate", ErrDiverged, from, why, 1<<maxHalvings)
		return errors.Join(err, r.republish(ctx))
	}
	r.at.Halvings = halvings
	r.warn("step %d: %s: went back to step %d at half the rate", from, why, r.at.Step)
	if err := r.written(r.saveNow(), false); err != nil { // or a run that is stopped now would forget it
		return err
	}
	return r.republish(ctx)
}

// republish publishes the weights that the run went back to, if there are any.
func (r *run) republish(ctx context.Context) error {
	if r.result = (Result{}); r.at.Step == 0 {
		return nil
	}
	err := r.publish(context.WithoutCancel(ctx))
	if errors.Is(err, model.ErrUntrained) { // what the run went back to is no better
		r.warn("not published: %v", err)
		return nil
	}
	return r.written(err, false)
}

// withdraw removes weights and samples of steps that the run has not done any
// more.
func (r *run) withdraw() error {
	for _, dir := range []string{"weights", "samples"} {
		outputs, err := r.outputs(dir)
		if err != nil {
			return err
		}
		for _, o := range outputs {
			if o.step <= r.at.Step {
				continue
			}
			if err := r.config.fs.Remove(o.path); err != nil {
				return err
			}
		}
	}
	return nil
}

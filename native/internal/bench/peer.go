package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Peer is another program that does the same work, to be compared with in the
// same minutes: it is told what to prepare, then to run once at a time, in turn
// with ours. tools/peer.py says what it answers.
type Peer struct {
	Name string

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// StartPeer starts command and asks for its name. Its threads sleep while ours
// run.
func StartPeer(ctx context.Context, command string) (*Peer, error) {
	p := &Peer{cmd: exec.CommandContext(ctx, command)}
	p.cmd.Env = append(os.Environ(), "OMP_WAIT_POLICY=passive")
	p.cmd.Stderr = os.Stderr
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("peer %q: %w", command, err)
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("peer %q: %w", command, err)
	}
	p.in, p.out = in, bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("peer %q: %w", command, err)
	}
	if p.Name, err = p.ask("hello", runtime.GOMAXPROCS(0)); err != nil {
		return nil, fmt.Errorf("peer %q: %w", command, errors.Join(err, p.Close()))
	}
	return p, nil
}

// Close ends the peer.
func (p *Peer) Close() error {
	if p == nil {
		return nil
	}
	return errors.Join(p.in.Close(), p.cmd.Wait())
}

func (p *Peer) ask(words ...any) (string, error) {
	if _, err := fmt.Fprintln(p.in, words...); err != nil {
		return "", err
	}
	line, err := p.out.ReadString('\n')
	return strings.TrimSpace(line), err
}

// prepare returns what runs the described work once; nil without a peer.
func (p *Peer) prepare(words ...any) (func() (time.Duration, error), error) {
	if p == nil {
		return nil, nil
	}
	if answer, err := p.ask(words...); err != nil || answer != "ready" {
		return nil, fmt.Errorf("peer asked for %v: answered %q: %w", words, answer, errors.Join(err, errors.New("not ready")))
	}
	return func() (time.Duration, error) {
		answer, err := p.ask("run")
		if err != nil {
			return 0, fmt.Errorf("peer's %v: %w", words, err)
		}
		seconds, err := strconv.ParseFloat(answer, 64)
		if err != nil {
			return 0, fmt.Errorf("peer's %v: answered %q: %w", words, answer, err)
		}
		return time.Duration(seconds * float64(time.Second)), nil
	}, nil
}

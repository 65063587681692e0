package browsertest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mien/native/internal/runlog"
	"mien/native/internal/server"
	"mien/native/internal/train"
)

// TestWatchTraining follows a training run of its own: losses arrive, new
// weights take over with no reload, corrupt ones are refused, and a page whose
// server dies comes back.
func TestWatchTraining(t *testing.T) {
	runs := t.TempDir()
	run := filepath.Join(runs, "live")
	address, stop := serve(t, server.Config{Runs: runs, Watch: run}, "127.0.0.1:0")
	p := open(t, browser(t), address)
	p.eval("(window.sameDocument = true, '')")
	p.slide("12", .9)
	p.wait(data + "field === 'shown'")
	p.still()
	before := p.stage()

	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		_, err := train.Run(ctx, train.Config{Preset: "tiny", Data: "synth", Out: run, Steps: 60, Batch: 8, Seed: 1, TrainSize: 64, Every: 30})
		done <- err
	}()
	t.Cleanup(cancel)
	p.wait("Number(" + data + "points) >= 3")
	p.wait(data + "weights === 'tiny-60'")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if s := p.eval("document.getElementById('weights-state').textContent"); !strings.Contains(s, "new weights loaded: step 60") {
		t.Errorf("the page says %q", s)
	}
	p.wait("!document.getElementById('samples').hidden")
	p.wait("document.querySelectorAll('#pictures img').length >= 6 && [...document.querySelectorAll('#pictures img')].every((i) => i.naturalWidth > 0)")
	for end := time.Now().Add(patience); bytes.Equal(before, p.stage()); p.still() {
		if time.Now().After(end) {
			t.Fatal("new weights draw the same picture")
		}
	}
	if p.eval("String(window.sameDocument)") != "true" {
		t.Error("the page was reloaded")
	}

	corrupt(t, run)
	p.wait(data + "refused === '61'")
	if p.eval(data+"weights") != "tiny-60" {
		t.Error("corrupt weights took over")
	}

	// The same address, as a server that is started again has.
	stop()
	p.wait("document.getElementById('connection').textContent === 'reconnecting'")
	host := strings.TrimPrefix(strings.Split(address, "/?")[0], "http://")
	serve(t, server.Config{Runs: runs}, host)
	p.wait("document.getElementById('connection').textContent === 'connected'")
}

// corrupt announces weights whose bytes were damaged on the way.
func corrupt(t *testing.T, run string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(run, "weights", "step-000060.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(b)
	b[len(b)/2] ^= 1
	const name = "weights/step-000061.safetensors"
	if err := os.WriteFile(filepath.Join(run, name), b, 0o644); err != nil {
		t.Fatal(err)
	}
	w, err := runlog.Open(filepath.Join(run, "log.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := w.Append(runlog.Entry{Kind: runlog.Weights, Step: 61, File: name, SHA256: hex.EncodeToString(sum[:])}); err != nil {
		t.Fatal(err)
	}
}

// TestTrainFromThePage starts, pauses and stops a training by the panel's
// buttons.
func TestTrainFromThePage(t *testing.T) {
	runs := t.TempDir()
	trainer := func(ctx context.Context, j server.Job) error {
		_, err := train.Run(ctx, train.Config{Preset: j.Preset, Data: j.Data, Steps: j.Steps, Batch: 4, Seed: j.Seed, Out: j.Out, TrainSize: 64,
			Every: 1000, Wait: func() { j.Wait(ctx) }})
		return err
	}
	address, _ := serve(t, server.Config{Runs: runs, Trainer: trainer}, "127.0.0.1:0")
	p := open(t, browser(t), address)
	p.wait("!document.getElementById('train').disabled")
	p.eval("(document.getElementById('steps').value = 100000, document.getElementById('train').click(), '')")
	p.wait("Number(" + data + "points) >= 2")
	p.eval("(document.getElementById('pause').click(), '')")
	p.wait("document.getElementById('pause').textContent === 'Go on'")
	p.eval("(document.getElementById('pause').click(), '')")
	p.wait("document.getElementById('pause').textContent === 'Pause'")
	p.eval("(document.getElementById('stop').click(), '')")
	p.wait("document.getElementById('run-state').textContent.startsWith('stopped')")
	saved, err := filepath.Glob(filepath.Join(runs, "*", "checkpoint", "gen-*.ckpt"))
	if err != nil || len(saved) != 2 {
		t.Errorf("checkpoints %v, %v: want that of the beginning and one that the stop saved", saved, err)
	}
}

// Package protocol defines what page and server say to each other over the
// websocket: JSON text frames, one message each, told apart by their type.
package protocol

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
)

// MaxMessage bounds a frame in bytes, both ways.
const MaxMessage = 64 << 10

// The types of messages.
const (
	// From the server.
	TypeHello    = "hello"    // first on every connection
	TypeState    = "state"    // of the training run
	TypeProgress = "progress" // a step's losses
	TypeSample   = "sample"   // a new picture of samples
	TypeWeights  = "weights"  // new weights to load
	TypeError    = "error"    // of what this page asked for
	// From the page; they want the token.
	TypeStart  = "start"
	TypePause  = "pause"
	TypeResume = "resume"
	TypeStop   = "stop"
)

// The states of a run.
const (
	Idle    = "idle"
	Running = "running"
	Paused  = "paused"
	Stopped = "stopped"
	Failed  = "failed"
	Done    = "done"
)

// Message is every message; what a type does not use stays empty.
type Message struct {
	Type    string             `json:"type"`
	Token   string             `json:"token,omitempty"`
	Allowed bool               `json:"allowed,omitempty"` // hello: the token was right
	Version string             `json:"version,omitempty"` // hello
	Run     string             `json:"run,omitempty"`     // state: one of the states
	Preset  string             `json:"preset,omitempty"`
	Data    string             `json:"data,omitempty"` // start: "synth" or a folder on the server
	Step    int                `json:"step,omitempty"`
	Steps   int                `json:"steps,omitempty"`
	Seed    uint64             `json:"seed,omitempty"`
	Images  int64              `json:"images,omitempty"`
	Rate    float64            `json:"images_per_s,omitempty"`
	ETA     float64            `json:"eta_s,omitempty"`
	Losses  map[string]float64 `json:"losses,omitempty"`
	URL     string             `json:"url,omitempty"`
	SHA256  string             `json:"sha256,omitempty"`
	Bytes   int64              `json:"bytes,omitempty"`
	Text    string             `json:"text,omitempty"` // what a person reads
}

// Decode reads one frame. Unknown fields are allowed, so that an older page
// and a newer server understand each other; unknown types are errors.
func Decode(b []byte) (Message, error) {
	var m Message
	if len(b) > MaxMessage {
		return m, fmt.Errorf("message of %d bytes, at most %d are read", len(b), MaxMessage)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("message: %w", err)
	}
	if d.More() {
		return m, errors.New("message: text after its end")
	}
	switch m.Type {
	case TypeHello, TypeState, TypeProgress, TypeSample, TypeWeights, TypeError, TypeStart, TypePause, TypeResume, TypeStop:
	default:
		return m, fmt.Errorf("message: type %q: unknown", m.Type)
	}
	if m.Step < 0 || m.Steps < 0 || m.Bytes < 0 || m.Images < 0 {
		return m, fmt.Errorf("message %s: a count is negative", m.Type)
	}
	return m, nil
}

// Encode writes one frame.
func (m Message) Encode() ([]byte, error) {
	b, err := json.Marshal(m)
	if err == nil && len(b) > MaxMessage {
		err = fmt.Errorf("message of %d bytes, at most %d can be sent", len(b), MaxMessage)
	}
	return b, err
}

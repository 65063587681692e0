package protocol

import (
	"reflect"
	"strings"
	"testing"
)

func TestRoundTrip(t *testing.T) {
	m := Message{Type: TypeProgress, Step: 7, Steps: 100, Losses: map[string]float64{"au": .5}, Rate: 12}
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(b)
	if err != nil || !reflect.DeepEqual(got, m) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestBadMessages(t *testing.T) {
	for _, s := range []string{``, `{}`, `{"type":"x"}`, `[]`, `{"type":"stop"}{}`, `{"type":"start","step":-1}`, `{"type":"start","steps":1e99}`,
		`{"type":"stop","text":"` + strings.Repeat("a", MaxMessage) + `"}`} {
		if m, err := Decode([]byte(s)); err == nil {
			t.Errorf("%.40q: got %+v", s, m)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"type":"start","preset":"tiny"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Decode(b); err == nil {
			if _, err := m.Encode(); err != nil && len(b) < MaxMessage/8 {
				t.Errorf("%q: %v", b, err)
			}
		}
	})
}

package edit

import (
	"context"
	"errors"
	"math"
	"testing"

	"mien/shared/au"
	"mien/shared/device/cpu"
	"mien/shared/face/facetest"
)

// TestReadEdited wants the reader to see an edit come and go: of the sample
// portrait with the shipped networks.
func TestReadEdited(t *testing.T) {
	finder := facetest.Finder(t)
	_, g := shippedGenerator(t)
	swap := NewSwap(cpu.New())
	ctx := context.Background()
	if _, err := swap.Use(ctx, g); err != nil {
		t.Fatal(err)
	}
	e := New(swap, shipped(t), finder)
	if _, err := e.ReadEdited(ctx, Field{}); !errors.Is(err, ErrNoPhoto) {
		t.Errorf("without a photo: %v, want ErrNoPhoto", err)
	}
	_, own, err := e.SetPhoto(ctx, decode(t, "../../web/portrait/astronaut.png"))
	if err != nil {
		t.Fatal(err)
	}
	if read, err := e.ReadEdited(ctx, Field{}); err != nil || read != own {
		t.Errorf("without an edit it reads %v (%v), want the photo's %v", read, err, own)
	}
	smile := au.Index("12")
	for _, by := range []float32{-2, 2} {
		var change au.Vector
		change[smile] = by
		field, err := e.Edit(ctx, change)
		if err != nil {
			t.Fatal(err)
		}
		read, err := e.ReadEdited(ctx, field)
		if moved := read[smile] - own[smile]; err != nil || moved*by < .5 {
			t.Errorf("AU12 asked to move by %g is read to move by %g (%v)", by, moved, err)
		}
	}
	bad := NewField(4)
	bad.Warp[0] = float32(math.NaN())
	if _, err := e.ReadEdited(ctx, bad); err == nil {
		t.Error("a field with NaN is read")
	}
}

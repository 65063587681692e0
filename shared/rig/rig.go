// Package rig knows what each Action Unit does to a face: it moves the mesh of
// a face in a photo, and reads what expression a mesh shows.
//
// Everything is linear in a canonical frame but for lids and lips, which have
// rules: they close exactly and never cross.
package rig

import (
	"fmt"

	"mien/shared/au"
	"mien/shared/face"
)

const (
	// Points is how many points of a mesh a rig moves; irises stay.
	Points = face.SkinPoints
	// FoldSize is the side S of the maps of folds, in the face's flat frame.
	FoldSize = 128
	// MaxIdentity bounds the directions in which people differ.
	MaxIdentity = 64

	maxReach = 100. // of a rest point from the origin, cm
	maxStep  = 10.  // of a point by one unit of motion or of identity, cm
	maxFold  = 4.   // of log luminance in spreads, by one unit of intensity
)

// Sides of a picture: index of what differs between the halves of a face.
// The picture's left is the person's right.
const (
	Left  = 0
	Right = 1
)

// Parts is what a rig is made of and what its file holds. The canonical frame
// is in centimetres: x to the picture's right, y up, z towards the camera; 0 is
// the middle of the head.
type Parts struct {
	// Rest is the mean face without expression, symmetric.
	Rest [Points][3]float32
	// Motion is what one unit moves, by the Left and the Right half; see Curve.
	Motion [au.Count][2][Points][3]float32
	// Curve bends what an intensity v moves: v (1 + Curve v / 5) units of Motion.
	// -.4 to 2: 0 is a straight line, more is steeper towards 5.
	Curve [au.Count]float32
	// Identity holds the directions in which people differ at rest, each of one
	// standard deviation among people;
	// 1 to MaxIdentity.
	Identity [][Points][3]float32
	// Noise is the standard deviation of a coordinate that neither identity nor
	// expression explains, cm.
	Noise [Points][3]float32
	// Still is the weight of a point in the head's pose, 0 to 1: 0 for what
	// expression or gaze moves.
	Still [Points]float32
	// Usual is the mean intensity of each Action Unit in photos of people.
	Usual [au.Count]float32
	// Mirror is the point on the other half.
	Mirror [Points]uint16
	// Folds [17 FoldSize FoldSize] is what one unit of intensity does to the log
	// luminance of the skin, in spreads of the face's own log luminance, in the
	// flat frame of FrameUV. Empty for a rig without folds.
	Folds []float32
}

// Rig moves faces. It never changes: any number of goroutines may use it.
type Rig struct {
	parts    Parts
	rest     [Points]vec
	motion   [au.Count][2][Points]vec
	uv       [Points][2]float32
	follow   []follower // of the lips
	blink    [2]float64 // cm that a unit of AU45 lowers an upper lid
	opening  [2]float64 // of the eyes at rest, cm
	unknowns int        // of a fit: identity, then Action Units left, then right
	design   [][Points]vec
	normal   []float64 // [unknowns unknowns], of the fit
}

// New checks parts and makes a rig of them, of which it keeps the slices.
func New(p Parts) (*Rig, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	r := &Rig{parts: p}
	for i := range Points {
		r.rest[i] = wide(p.Rest[i])
	}
	for a := range au.Count {
		for side := range 2 {
			for i := range Points {
				r.motion[a][side][i] = wide(p.Motion[a][side][i])
			}
		}
	}
	r.uv = FrameUV(&p.Rest)
	if err := r.measureLids(); err != nil {
		return nil, err
	}
	if err := r.measureLips(); err != nil {
		return nil, err
	}
	r.prepare()
	return r, nil
}

// check refuses numbers that are no face.
func (p *Parts) check() error {
	within := func(what string, at int, v [3]float32, most float32) error {
		for _, x := range v {
			if !(x >= -most && x <= most) {
				return fmt.Errorf("%s %d: %v, want within %g cm", what, at, v, most)
			}
		}
		return nil
	}
	var weight float64
	for i := range Points {
		if err := within("rest point", i, p.Rest[i], maxReach); err != nil {
			return err
		}
		for _, x := range p.Noise[i] {
			if !(x >= 1e-3 && x <= maxStep) {
				return fmt.Errorf("noise of point %d: %v, want .001 to %g cm", i, p.Noise[i], maxStep)
			}
		}
		if !(p.Still[i] >= 0 && p.Still[i] <= 1) {
			return fmt.Errorf("pose weight of point %d: %g, want 0 to 1", i, p.Still[i])
		}
		weight += float64(p.Still[i])
		if m := p.Mirror[i]; int(m) >= Points || int(p.Mirror[m]) != i {
			return fmt.Errorf("mirror of point %d: %d is not its pair", i, m)
		}
	}
	if weight < 3 {
		return fmt.Errorf("pose weights: %g in all, want at least 3", weight)
	}
	for a, u := range au.Units {
		for side := range 2 {
			for i := range Points {
				if err := within("action unit "+u.Code+", point", i, p.Motion[a][side][i], maxStep); err != nil {
					return err
				}
			}
		}
		if !(p.Curve[a] >= -.4 && p.Curve[a] <= 2) {
			return fmt.Errorf("action unit %s: curve %g, want -.4 to 2", u.Code, p.Curve[a])
		}
		if !(p.Usual[a] > 0 && p.Usual[a] <= au.Max) {
			return fmt.Errorf("action unit %s: mean intensity %g, want above 0 and up to %d", u.Code, p.Usual[a], au.Max)
		}
	}
	if n := len(p.Identity); n < 1 || n > MaxIdentity {
		return fmt.Errorf("%d directions of identity, want 1 to %d", n, MaxIdentity)
	}
	for k := range p.Identity {
		for i := range Points {
			if err := within(fmt.Sprintf("identity %d, point", k), i, p.Identity[k][i], maxStep); err != nil {
				return err
			}
		}
	}
	if n := len(p.Folds); n != 0 && n != au.Count*FoldSize*FoldSize {
		return fmt.Errorf("folds: %d values, want %d or none", n, au.Count*FoldSize*FoldSize)
	}
	for i, v := range p.Folds {
		if !(v >= -maxFold && v <= maxFold) {
			return fmt.Errorf("folds: value %d is %g, want within %g", i, v, maxFold)
		}
	}
	return nil
}

// Parts returns what the rig is made of; nobody may write to its slices.
func (r *Rig) Parts() Parts { return r.parts }

// Rest returns the canonical mesh, cm.
func (r *Rig) Rest() [Points][3]float32 { return r.parts.Rest }

// Fold returns the map [FoldSize FoldSize] of Action Unit a, or nil; nobody may
// write to it. See Parts.Folds.
func (r *Rig) Fold(a int) []float32 {
	const n = FoldSize * FoldSize
	if len(r.parts.Folds) == 0 {
		return nil
	}
	return r.parts.Folds[a*n : (a+1)*n]
}

// frameMargin is what the flat frame shows around the mesh, cm.
const frameMargin = .6

// FrameUV returns where each point lies in the face's flat frame, in pixels of
// FoldSize, x to the right and y down, where pixel i covers [i, i+1): the rest
// mesh seen from the front, with .6 cm about it.
func (r *Rig) FrameUV() [Points][2]float32 { return r.uv }

// FrameUV returns the flat frame's places of a rest mesh: see Rig.FrameUV.
func FrameUV(rest *[Points][3]float32) [Points][2]float32 {
	lo, hi := rest[0], rest[0]
	for _, p := range rest {
		for c := range 2 {
			lo[c], hi[c] = min(lo[c], p[c]), max(hi[c], p[c])
		}
	}
	k := FoldSize / max(hi[0]-lo[0]+2*frameMargin, hi[1]-lo[1]+2*frameMargin)
	var uv [Points][2]float32
	for i, p := range rest {
		uv[i] = [2]float32{FoldSize/2 + k*(p[0]-(lo[0]+hi[0])/2), FoldSize/2 - k*(p[1]-(lo[1]+hi[1])/2)}
	}
	return uv
}

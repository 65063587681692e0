// Package au names the 17 Action Units (AUs) of the Facial Action Coding
// System that Mien edits, and the emotions they spell.
//
// Source: Ekman, Friesen, Hager: Facial Action Coding System (2002); the set
// and its order are those of OpenFace 2.2's intensity models.
package au

import (
	"fmt"
	"strconv"
	"strings"
)

// Count is the number of Action Units.
const Count = 17

// Max is the largest intensity; the least is 0.
const Max = 5

// Region is the part of the face that an Action Unit moves.
type Region string

// The regions, from top to bottom; the page groups its sliders by them.
const (
	Brows Region = "brows"
	Eyes  Region = "eyes"
	Nose  Region = "nose"
	Mouth Region = "mouth"
	Jaw   Region = "jaw"
)

// Regions lists the regions in the order in which they are shown.
var Regions = []Region{Brows, Eyes, Nose, Mouth, Jaw}

// Unit describes one Action Unit.
type Unit struct {
	Code   string // two digits, as in OpenFace's columns: "01", "45"
	Name   string // the FACS name
	Plain  string // what a person would call it
	Region Region
}

// Units holds the Action Units in the fixed order of every Vector.
var Units = [Count]Unit{
	{"01", "inner brow raiser", "raise inner brows", Brows},
	{"02", "outer brow raiser", "raise outer brows", Brows},
	{"04", "brow lowerer", "lower brows", Brows},
	{"05", "upper lid raiser", "widen eyes", Eyes},
	{"06", "cheek raiser", "raise cheeks", Eyes},
	{"07", "lid tightener", "tighten lids", Eyes},
	{"09", "nose wrinkler", "wrinkle nose", Nose},
	{"10", "upper lip raiser", "raise upper lip", Nose},
	{"12", "lip corner puller", "smile", Mouth},
	{"14", "dimpler", "dimple corners", Mouth},
	{"15", "lip corner depressor", "lower corners", Mouth},
	{"17", "chin raiser", "raise chin", Jaw},
	{"20", "lip stretcher", "stretch lips", Mouth},
	{"23", "lip tightener", "tighten lips", Mouth},
	{"25", "lips part", "part lips", Jaw},
	{"26", "jaw drop", "drop jaw", Jaw},
	{"45", "blink", "close eyes", Eyes},
}

// Vector holds one value per Action Unit in the order of Units: intensities
// (0 to Max) or differences of intensities (-Max to Max).
type Vector [Count]float32

// Index returns the position of the Action Unit written as "12", "1" or
// "AU12", or -1.
func Index(code string) int {
	code = strings.TrimPrefix(strings.ToUpper(code), "AU")
	if len(code) == 1 {
		code = "0" + code
	}
	for i, u := range Units {
		if u.Code == code {
			return i
		}
	}
	return -1
}

// Parse reads a list such as "12=3,6=2,AU04=-1.5" into a Vector; what is not
// named stays 0. Values lie in -Max to Max.
func Parse(s string) (Vector, error) {
	var v Vector
	if strings.TrimSpace(s) == "" {
		return v, nil
	}
	for _, part := range strings.Split(s, ",") {
		name, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		if !ok {
			return v, fmt.Errorf("action unit %q: want CODE=VALUE", part)
		}
		i := Index(strings.TrimSpace(name))
		if i < 0 {
			return v, fmt.Errorf("action unit %q: unknown, know %s", name, strings.Join(Codes(), " "))
		}
		x, err := strconv.ParseFloat(strings.TrimSpace(value), 32)
		if err != nil || x != x || x < -Max || x > Max {
			return v, fmt.Errorf("action unit %q: value %q: want a number from %d to %d", name, value, -Max, Max)
		}
		v[i] = float32(x)
	}
	return v, nil
}

// Codes returns the codes of all Action Units in order.
func Codes() []string {
	codes := make([]string, Count)
	for i, u := range Units {
		codes[i] = u.Code
	}
	return codes
}

// Clamp returns v with every value brought into lo to hi.
func (v Vector) Clamp(lo, hi float32) Vector {
	for i := range v {
		v[i] = min(max(v[i], lo), hi)
	}
	return v
}

// Add returns v + w.
func (v Vector) Add(w Vector) Vector {
	for i := range v {
		v[i] += w[i]
	}
	return v
}

// Sub returns v - w.
func (v Vector) Sub(w Vector) Vector {
	for i := range v {
		v[i] -= w[i]
	}
	return v
}

// IsZero reports whether every value is 0.
func (v Vector) IsZero() bool { return v == Vector{} }

// String lists the values that are not 0, as Parse reads them.
func (v Vector) String() string {
	var parts []string
	for i, x := range v {
		if x != 0 {
			parts = append(parts, Units[i].Code+"="+strconv.FormatFloat(float64(x), 'g', 4, 32))
		}
	}
	return strings.Join(parts, ",")
}

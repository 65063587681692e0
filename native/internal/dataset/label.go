package dataset

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"mien/shared/au"
)

// Columns chooses the labels.
type Columns string

// The two kinds of label that OpenFace writes.
const (
	Intensity Columns = "intensity" // AUxx_r, 0 to 5
	Presence  Columns = "presence"  // AUxx_c, 0 or 1
)

// row is a row of EmotioNet.csv.
type row struct {
	frame      int
	face       uint8   // its number in the frame
	confidence float32 // 0 to 1; 1 where the table does not say
	labels     au.Vector
}

// Bounds of a row.
const (
	maxFace = 99 // OpenFace's pictures have two digits for it
	// minConfidence is what a fit is worth at least that is called a success: of
	// 16,748 that FeatureExtraction took for good none has less than .74. Tables
	// of other labellers say how sure they are of something else.
	minConfidence = .5
	// maxBeyond is how far an intensity may lie outside its range: FeatureExtraction
	// writes such ones when it was interrupted before it knew the person.
	maxBeyond = 1
)

// readLabels gives add the rows of EmotioNet.csv; add returns why one is left out.
// All that are left out are counted.
func readLabels(r io.Reader, columns Columns, report *Report, add func(row) (reason string)) error {
	suffix := "_r"
	if columns == Presence {
		suffix = "_c"
	}
	t, err := newTable(r)
	if err != nil {
		return err
	}
	names := []string{"frame"}
	for _, u := range au.Units {
		names = append(names, "AU"+u.Code+suffix)
	}
	at, err := t.column(names...)
	if err != nil {
		return err
	}
	_, other := t.columns["labelled_by"]
	for {
		cells, err := t.next()
		if err == io.EOF {
			return nil
		}
		report.Rows++
		if errors.Is(err, errLongLine) {
			report.skip("line too long")
			continue
		}
		if err != nil {
			return err
		}
		var r row
		clamped, reason := false, t.trusted(cells, &r, other)
		if reason == "" {
			clamped, reason = r.label(cells, at, columns)
		}
		if reason == "" {
			reason = add(r)
		}
		switch {
		case reason != "":
			report.skip(reason)
		case clamped:
			report.Clamped++
		}
	}
}

// trusted reads what a row says of itself: whether it is a success, which face of
// the frame it is of, and how sure it is. A column that is not there says nothing.
func (t *table) trusted(cells []string, r *row, other bool) (reason string) {
	cell := func(name string) (text string, there bool) {
		at, ok := t.columns[name]
		if ok && at < len(cells) {
			text = cells[at]
		}
		return text, ok
	}
	if text, ok := cell("success"); ok {
		switch v, isNumber := number(text); {
		case strings.EqualFold(text, "true"), isNumber && v > 0:
		case text == "", strings.EqualFold(text, "false"), isNumber:
			return "not a success"
		default:
			return "success is not a number"
		}
	}
	if text, ok := cell("face_id"); ok {
		n, isNumber := frameNumber(text)
		if !isNumber || n > maxFace {
			return "no face number"
		}
		r.face = uint8(n)
	}
	r.confidence = 1
	if text, ok := cell("confidence"); ok {
		v, isNumber := number(text)
		switch {
		case !isNumber || v < 0 || v > 1:
			return "confidence is not from 0 to 1"
		case v < minConfidence && !other:
			return "not sure enough"
		}
		r.confidence = v
	}
	return ""
}

// label reads the frame and the labels of a row, or says what is wrong.
func (r *row) label(cells []string, at []int, columns Columns) (clamped bool, reason string) {
	for i, place := range at {
		if place >= len(cells) {
			return false, "short row"
		}
		if i == 0 {
			n, ok := frameNumber(cells[place])
			if !ok {
				return false, "no frame number"
			}
			r.frame = n
			continue
		}
		v, ok := number(cells[place])
		if !ok {
			return false, "label is not a number"
		}
		top, beyond := float32(au.Max), float32(maxBeyond)
		if columns == Presence {
			top, beyond = 1, 0
		}
		if v < -beyond || v > top+beyond {
			return false, "label out of range"
		}
		clamped = clamped || v < 0 || v > top
		r.labels[i-1] = min(max(v, 0), top)
	}
	return clamped, ""
}

// maxIdentity bounds the name of a person, in bytes.
const maxIdentity = 256

// meta is a row of meta.csv; what could not be read is unknown.
type meta struct {
	identity string
	pose     [3]float32 // radians
	posed    bool
}

// readMeta gives add the person and the head's pose of the faces that find
// knows by their frames.
func readMeta(r io.Reader, find func(frame, face int) (i int, ok bool), add func(face int, m meta)) error {
	t, err := newTable(r)
	if err != nil {
		return err
	}
	identity, hasIdentity := t.columns["identity"]
	pose, poseErr := t.column("pose_Rx", "pose_Ry", "pose_Rz")
	return eachFrame(t, find, func(face int, cells []string) error {
		var m meta
		if hasIdentity && identity < len(cells) && len(cells[identity]) <= maxIdentity && !strings.Contains(cells[identity], "\x00") {
			m.identity = strings.Clone(cells[identity]) // a name must not keep its line
		}
		m.posed = poseErr == nil
		for i, place := range pose {
			if place >= len(cells) {
				m.posed = false
				break
			}
			v, ok := number(cells[place])
			if !ok || v < -4 || v > 4 {
				m.posed = false
				break
			}
			m.pose[i] = v
		}
		add(face, m)
		return nil
	})
}

// maxOutside is how far outside the 128 pixel crop a landmark may lie: jaws of
// turned heads do, a landmark further away is a failed fit.
const maxOutside = 64

// readLandmarks gives add the landmarks of the faces that find knows by their
// frames; l is add's to copy.
func readLandmarks(r io.Reader, find func(frame, face int) (i int, ok bool), add func(face int, l *[68][2]float32) error) error {
	t, err := newTable(r)
	if err != nil {
		return err
	}
	var names []string
	for i := range 68 {
		names = append(names, fmt.Sprintf("x%d", i), fmt.Sprintf("y%d", i))
	}
	at, err := t.column(names...)
	if err != nil {
		return err
	}
	var l [68][2]float32
	return eachFrame(t, find, func(face int, cells []string) error {
		for i, place := range at {
			if place >= len(cells) {
				return nil
			}
			v, ok := number(cells[place])
			if !ok || v < -maxOutside || v > 127+maxOutside {
				return nil
			}
			l[i/2][i%2] = v
		}
		return add(face, &l)
	})
}

func eachFrame(t *table, find func(frame, face int) (int, bool), do func(face int, cells []string) error) error {
	at, err := t.column("frame")
	if err != nil {
		return err
	}
	which, faced := t.columns["face_id"]
	for {
		cells, err := t.next()
		if err == io.EOF {
			return nil
		}
		if errors.Is(err, errLongLine) {
			continue
		}
		if err != nil {
			return err
		}
		if at[0] >= len(cells) {
			continue
		}
		n, ok := frameNumber(cells[at[0]])
		if !ok {
			continue
		}
		face := -1 // the only one
		if faced {
			if face, ok = 0, which < len(cells); ok {
				face, ok = frameNumber(cells[which])
			}
			if !ok || face > maxFace {
				continue
			}
		}
		if i, known := find(n, face); known {
			if err := do(i, cells); err != nil {
				return err
			}
		}
	}
}

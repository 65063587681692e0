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

// readLabels gives add the frames and labels of EmotioNet.csv; add returns why a
// row is left out. All that are left out are counted.
func readLabels(r io.Reader, columns Columns, report *Report, add func(frame int, labels au.Vector) (reason string)) error {
	suffix, top := "_r", float32(au.Max)
	if columns == Presence {
		suffix, top = "_c", 1
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
	success, hasSuccess := t.columns["success"]
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
		frame, labels, reason := labelled(cells, at, top)
		if hasSuccess && (success >= len(cells) || cells[success] == "0" || cells[success] == "0.0") {
			reason = "not a success"
		}
		if reason == "" {
			reason = add(frame, labels)
		}
		if reason != "" {
			report.skip(reason)
		}
	}
}

// labelled reads the frame and the labels of one row, or says what is wrong.
func labelled(cells []string, at []int, top float32) (frame int, labels au.Vector, reason string) {
	for i, place := range at {
		if place >= len(cells) {
			return 0, labels, "short row"
		}
		if i == 0 {
			n, ok := frameNumber(cells[place])
			if !ok {
				return 0, labels, "no frame number"
			}
			frame = n
			continue
		}
		v, ok := number(cells[place])
		if !ok {
			return 0, labels, "label is not a number"
		}
		if v < 0 || v > top {
			return 0, labels, "label out of range"
		}
		labels[i-1] = v
	}
	return frame, labels, ""
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
func readMeta(r io.Reader, find func(frame int) (face int, ok bool), add func(face int, m meta)) error {
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
func readLandmarks(r io.Reader, find func(frame int) (face int, ok bool), add func(face int, l *[68][2]float32) error) error {
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

func eachFrame(t *table, find func(frame int) (int, bool), do func(face int, cells []string) error) error {
	at, err := t.column("frame")
	if err != nil {
		return err
	}
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
		if n, ok := frameNumber(cells[at[0]]); ok {
			if face, known := find(n); known {
				if err := do(face, cells); err != nil {
					return err
				}
			}
		}
	}
}

package dataset

import (
	"errors"
	"fmt"
	"io"

	"mien/shared/au"
)

// Columns chooses the labels.
type Columns string

// The two kinds of label that OpenFace writes.
const (
	Intensity Columns = "intensity" // AUxx_r, 0 to 5
	Presence  Columns = "presence"  // AUxx_c, 0 or 1
)

// row is what the tables say about one face.
type row struct {
	frame     int
	labels    au.Vector
	identity  string
	landmarks *[68][2]float32
	pose      [3]float32
	posed     bool
}

// readLabels reads the rows of EmotioNet.csv; those it leaves out are counted.
func readLabels(r io.Reader, columns Columns, report *Report) ([]row, error) {
	suffix, top := "_r", float32(au.Max)
	if columns == Presence {
		suffix, top = "_c", 1
	}
	t, err := newTable(r)
	if err != nil {
		return nil, err
	}
	names := []string{"frame"}
	for _, u := range au.Units {
		names = append(names, "AU"+u.Code+suffix)
	}
	at, err := t.column(names...)
	if err != nil {
		return nil, err
	}
	success, hasSuccess := t.columns["success"]
	var rows []row
	seen := map[int]bool{}
	for {
		cells, err := t.next()
		if err == io.EOF {
			return rows, nil
		}
		report.Rows++
		if errors.Is(err, errLongLine) {
			report.skip("line too long")
			continue
		}
		if err != nil {
			return nil, err
		}
		x, reason := labelled(cells, at, top)
		switch {
		case hasSuccess && (success >= len(cells) || cells[success] == "0" || cells[success] == "0.0"):
			reason = "not a success"
		case reason == "" && seen[x.frame]:
			reason = "second face of a frame"
		}
		if reason != "" {
			report.skip(reason)
			continue
		}
		seen[x.frame] = true
		rows = append(rows, x)
	}
}

// labelled reads the frame and the labels of one row, or says what is wrong.
func labelled(cells []string, at []int, top float32) (x row, reason string) {
	for i, place := range at {
		if place >= len(cells) {
			return x, "short row"
		}
		if i == 0 {
			n, ok := frameNumber(cells[place])
			if !ok {
				return x, "no frame number"
			}
			x.frame = n
			continue
		}
		v, ok := number(cells[place])
		if !ok {
			return x, "label is not a number"
		}
		if v < 0 || v > top {
			return x, "label out of range"
		}
		x.labels[i-1] = v
	}
	return x, ""
}

// readMeta adds the person and the head's pose to the rows of their frames;
// what it cannot read stays unknown.
func readMeta(r io.Reader, rows map[int]*row) error {
	t, err := newTable(r)
	if err != nil {
		return err
	}
	identity, hasIdentity := t.columns["identity"]
	pose, poseErr := t.column("pose_Rx", "pose_Ry", "pose_Rz")
	return eachFrame(t, rows, func(x *row, cells []string) {
		if hasIdentity && identity < len(cells) && cells[identity] != "" {
			x.identity = cells[identity]
		}
		if poseErr != nil {
			return
		}
		for i, place := range pose {
			if place >= len(cells) {
				return
			}
			v, ok := number(cells[place])
			if !ok || v < -4 || v > 4 {
				return
			}
			x.pose[i] = v
		}
		x.posed = true
	})
}

// maxOutside is how far outside the 128 pixel crop a landmark may lie: jaws of
// turned heads do, a landmark further away is a failed fit.
const maxOutside = 64

// readLandmarks adds landmarks to the rows of their frames.
func readLandmarks(r io.Reader, rows map[int]*row) error {
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
	return eachFrame(t, rows, func(x *row, cells []string) {
		var l [68][2]float32
		for i, place := range at {
			if place >= len(cells) {
				return
			}
			v, ok := number(cells[place])
			if !ok || v < -maxOutside || v > 127+maxOutside {
				return
			}
			l[i/2][i%2] = v
		}
		x.landmarks = &l
	})
}

func eachFrame(t *table, rows map[int]*row, do func(*row, []string)) error {
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
		if n, ok := frameNumber(cells[at[0]]); ok && rows[n] != nil {
			do(rows[n], cells)
		}
	}
}

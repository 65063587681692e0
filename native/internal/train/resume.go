package train

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
)

// origin is what a run depends on beside its configuration.
type origin struct {
	Device   string `json:"device"`
	Faces    int    `json:"faces"`
	Reader   string `json:"reader,omitempty"` // sha256 of the file, as the others
	Prior    string `json:"prior,omitempty"`
	From     string `json:"from,omitempty"`
	Measured string `json:"measured,omitempty"` // by what
}

// differs compares with the origin that a checkpoint tells of: files that are
// others now are an error, what a run survives is worth a warning.
func (o origin) differs(was origin) (warnings []string, err error) {
	for _, f := range []struct{ name, was, is string }{{"reader", was.Reader, o.Reader}, {"prior", was.Prior, o.Prior}, {"from", was.From, o.From}} {
		if f.was != "" && f.is != "" && f.was != f.is {
			err = errors.Join(err, fmt.Errorf("%s: the run began with a file of sha256 %.12s, now it is %.12s: bring the old one back or choose another run directory", f.name, f.was, f.is))
		}
	}
	if was.Faces != 0 && was.Faces != o.Faces {
		warnings = append(warnings, fmt.Sprintf("the run had %d faces to train on, now there are %d: it goes on otherwise than it would have", was.Faces, o.Faces))
	}
	if was.Device != "" && was.Device != o.Device {
		warnings = append(warnings, fmt.Sprintf("the run was trained on %q, it goes on on %q: bytes may differ", was.Device, o.Device))
	}
	if was.Measured != "" && was.Measured != o.Measured {
		warnings = append(warnings, fmt.Sprintf("the run was measured by %s, now by %s", was.Measured, or(o.Measured, "nothing")))
	}
	return warnings, err
}

func or(s, none string) string {
	if s == "" {
		return none
	}
	return s
}

// MismatchError says that a run is asked to go on as another than it began.
type MismatchError struct {
	Name    string // of the Config's field, as in JSON
	Was, Is string // values, in JSON; "none" where there is none
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("the run began with %s %s, now %s is asked", strings.ReplaceAll(e.Name, "_", " "), e.Was, e.Is)
}

// changeable are the fields that a run may go on with otherwise: how long, and
// how often it writes.
var changeable = map[string]bool{"steps": true, "epochs": true, "minutes": true, "every": true, "save": true, "save_every": true, "measure_every": true, "measure_faces": true}

// paths are the fields that are names of files.
var paths = map[string]bool{"data": true, "reader": true, "prior": true, "from": true}

// goOn returns the configuration of a run that began with was and goes on: all
// is as it was, but what c was given of the changeable. What else it was given
// otherwise is an error.
func (c Config) goOn(was Config) (Config, error) {
	asked, err := fields(c)
	if err != nil {
		return c, err
	}
	next, err := fields(was)
	if err != nil {
		return c, err
	}
	given := c.Given
	if given == nil {
		for name, v := range asked {
			if !isZero(v) {
				given = append(given, name)
			}
		}
	}
	var errs []error
	for _, name := range given {
		switch is, then := asked[name], next[name]; {
		case name == "steps" || name == "epochs": // the one says what the other is
			next["steps"], next["epochs"] = asked["steps"], asked["epochs"]
		case changeable[name]:
			next[name] = is
		case !same(is, then, paths[name]):
			errs = append(errs, &MismatchError{name, or(string(then), "none"), or(string(is), "none")})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return c, err
	}
	for name, v := range next {
		if v == nil {
			delete(next, name)
		}
	}
	b, err := json.Marshal(next)
	if err != nil {
		return c, err
	}
	var n Config
	if err := json.Unmarshal(b, &n); err != nil {
		return c, err
	}
	// What JSON does not hold is this process's.
	from, to := reflect.ValueOf(c), reflect.ValueOf(&n).Elem()
	for i := range from.NumField() {
		if f := from.Type().Field(i); f.Tag.Get("json") == "-" && f.IsExported() {
			to.Field(i).Set(from.Field(i))
		}
	}
	n.fs = c.fs
	return n, nil
}

// fields returns the fields of a configuration by name.
func fields(c Config) (map[string]json.RawMessage, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	all := map[string]json.RawMessage{}
	return all, json.Unmarshal(b, &all)
}

// isZero reports whether v is a zero, or not there, as zeros of some fields are.
func isZero(v json.RawMessage) bool {
	return slices.Contains([]string{``, `0`, `""`, `false`, `null`}, string(v))
}

// same compares values of a field, which may be names of files.
func same(a, b json.RawMessage, files bool) bool {
	var x, y string
	if files && json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && x != "" && y != "" {
		return filepath.Clean(x) == filepath.Clean(y)
	}
	return isZero(a) && isZero(b) || string(a) == string(b)
}

// digest is a file's sha256, as origin holds it.
func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

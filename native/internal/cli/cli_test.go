package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mien": func() { os.Exit(Run(os.Args[1:], os.Stdout, os.Stderr)) }})
}

func TestScripts(t *testing.T) {
	portrait, err := filepath.Abs("../../../web/portrait/astronaut.png")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		e.Setenv("PORTRAIT", portrait)
		e.Setenv("WEIGHTS", filepath.Join(filepath.Dir(portrait), "../../weights/mien.safetensors"))
		return nil
	}, Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": wantCode, "pixels": wantPixels, "until": untilShown(t), "shorten": shorten, "damage": damage}})
}

package main

import (
	"context"
	"os"
	"strings"
	"testing"
)

const table = `# of a test
test go test ./x

mutant a.go: the bound
-	if n > 3 {
-		return
-	}

mutant a.go: the sign
-	return -n
+	return n
`

func TestParseAndApply(t *testing.T) {
	all, err := parse("t", table)
	if err != nil || len(all) != 2 {
		t.Fatalf("%d mutants, %v", len(all), err)
	}
	const text = "func f(n int) int {\n\tif n > 3 {\n\t\treturn\n\t}\n\treturn -n\n}\n"
	for i, want := range []string{"func f(n int) int {\n\treturn -n\n}\n", "func f(n int) int {\n\tif n > 3 {\n\t\treturn\n\t}\n\treturn n\n}\n"} {
		if got, err := all[i].apply(text); err != nil || got != want {
			t.Errorf("%s: %q, %v", all[i].what, got, err)
		}
	}
	if all[1].test != "go test ./x" {
		t.Errorf("test %q", all[1].test)
	}
	if _, err := all[0].apply(text + text); err == nil {
		t.Error("a guard that is there twice is taken out")
	}
	for _, bad := range []string{"mutant a.go: no test\n-x\n", "test x\n\nmutant a.go: takes nothing\n\n", "test x\n\nmutant nowhere\n-x\n", "test x\n\nwhat\n"} {
		if _, err := parse("t", bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// TestOutcomes tries mutants of a small module: one that its test misses, one
// that it does not, one that does not compile.
func TestOutcomes(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{
		"go.mod":    "module m\n\ngo 1.24\n",
		"f.go":      "package m\n\nfunc F(n int) int {\n\tif n > 3 {\n\t\tn = 3\n\t}\n\tif n < 0 {\n\t\tn = 0\n\t}\n\treturn n\n}\n",
		"f_test.go": "package m\n\nimport \"testing\"\n\nfunc TestF(t *testing.T) {\n\tif F(9) != 3 {\n\t\tt.Error()\n\t}\n}\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for old, want := range map[string]string{"\t\tn = 3\n": killed, "\t\tn = 0\n": survived, "\treturn n\n": broken} {
		got, err := mutant{path: "f.go", test: "go test ./...", old: old}.try(context.Background())
		if err != nil || got != want {
			t.Errorf("without %q: %q, %v; want %q", old, got, err, want)
		}
	}
	b, err := os.ReadFile("f.go")
	if err != nil || !strings.Contains(string(b), "n = 3") {
		t.Errorf("the file was changed: %v", err)
	}
}

package browsertest

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"

	"mien/native/internal/server"
)

// BenchmarkFrame reports ms a frame of the shipped generator in Chromium, as
// the page itself measures it.
func BenchmarkFrame(b *testing.B) {
	address, _ := serve(b, server.Config{Runs: b.TempDir()}, "127.0.0.1:0")
	p := open(b, browser(b), address)
	ms := regexp.MustCompile(`([\d.]+) ms a frame`)
	total, n := 0., 0
	for b.Loop() {
		n++
		p.eval(fmt.Sprintf("(delete %sfield, document.getElementById('au12').value = %d, document.getElementById('au12').dispatchEvent(new Event('input', {bubbles: true})), '')", data, 1+n%4))
		p.wait(data + "field === 'shown'")
		m := ms.FindStringSubmatch(p.eval("document.getElementById('status').textContent"))
		if m == nil {
			b.Fatal("the page does not say how long a frame took")
		}
		v, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			b.Fatal(err)
		}
		total += v
	}
	b.ReportMetric(total/float64(n), "ms/frame")
}

//go:build !js

package main

// main exists so that the package builds everywhere; the worker runs in a
// browser.
func main() { panic("worker: runs in a browser: make build") }

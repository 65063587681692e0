//go:build !js

package main

// main exists so that the package builds everywhere; the stage runs in a
// browser.
func main() { panic("stage: runs in a browser: make build") }

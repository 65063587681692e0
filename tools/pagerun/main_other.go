//go:build !js

package main

func main() { panic("pagerun: runs in a browser: see native/internal/browsertest/peer_test.go") }

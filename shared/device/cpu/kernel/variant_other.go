//go:build !amd64

package kernel

func available() []variant { return []variant{plain} }

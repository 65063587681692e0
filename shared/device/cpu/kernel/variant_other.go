//go:build !amd64 && !arm64 && !(js && wasm)

package kernel

func available() []variant { return []variant{plain} }

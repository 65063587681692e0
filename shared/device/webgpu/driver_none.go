//go:build !js && !(cgo && (linux || darwin || windows) && (amd64 || arm64))

package webgpu

import "errors"

// errNotBuilt says what a build without cgo lacks.
var errNotBuilt = errors.New("this build has no GPU support: it was compiled without cgo, or for a platform that wgpu-native does not serve")

const compilers = 1

func listAdapters() ([]Adapter, error) { return nil, errNotBuilt }

func openDriver(int) (driver, error) { return nil, errNotBuilt }

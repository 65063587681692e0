//go:build !unix

package disk

// nonblock is nothing where no file's opening waits for another program.
const nonblock = 0

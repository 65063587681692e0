package server

import (
	"errors"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"mien/shared/protocol"
)

// Bounds of a page's websocket.
const (
	pingEvery    = 3 * time.Second
	pongWait     = 8 * time.Second // without a sign of life
	farewell     = time.Second     // for the last frame, and for what was on its way
	maxPerSecond = 20              // messages from a page
	socketBuffer = 64 << 10        // bytes that wait in the system
)

// hub sends messages to every page. A page has one slot for each topic,
// in which the newest wins: a slow page costs nothing, and training
// never waits.
type hub struct {
	mu      sync.Mutex
	clients map[*client]bool
	latest  map[string]protocol.Message // replayed to a page that connects
	ended   bool
}

func newHub() *hub {
	return &hub{clients: map[*client]bool{}, latest: map[string]protocol.Message{}}
}

// client is one connected page.
type client struct {
	conn    *websocket.Conn
	allowed bool

	mu    sync.Mutex
	slots map[string]protocol.Message
	order []string
	wake  chan struct{}
	done  chan struct{}
	once  sync.Once
}

// topics are the types that a page hears of when it connects, in order.
var topics = []string{protocol.TypeState, protocol.TypeProgress, protocol.TypeSample, protocol.TypeWeights}

// send gives m to every page and remembers it.
func (h *hub) send(m protocol.Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := topic(m)
	if _, known := h.latest[t]; t != m.Type && !known && len(h.latest) >= maxTopics {
		return // a log of endless kinds of pictures
	}
	h.latest[t] = m
	for c := range h.clients {
		c.put(m)
	}
}

// maxTopics bounds the messages that are kept for pages to come.
const maxTopics = 32

// topic is what a newer message replaces: those of its type, of a sample those
// of the same kind of picture.
func topic(m protocol.Message) string {
	if m.Type == protocol.TypeSample && m.Text != "" {
		return m.Type + " " + m.Text
	}
	return m.Type
}

// add takes a page in, until the end.
func (h *hub) add(c *client, hello protocol.Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.ended {
		return false
	}
	h.clients[c] = true
	c.put(hello)
	for _, t := range topics {
		if m, ok := h.latest[t]; ok {
			c.put(m)
		}
	}
	for _, t := range slices.Sorted(maps.Keys(h.latest)) {
		if !slices.Contains(topics, t) {
			c.put(h.latest[t])
		}
	}
	return true
}

func (h *hub) remove(c *client) {
	h.mu.Lock()
	delete(h.clients, c)
	h.mu.Unlock()
	c.close()
}

// end tells every page that the server goes, and ends its connection.
func (h *hub) end() {
	h.mu.Lock()
	h.ended = true
	clients := slices.Collect(maps.Keys(h.clients))
	h.mu.Unlock()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() { c.goAway() })
	}
	all.Wait()
}

// goAway ends a connection as a server that goes does: what it says last has
// arrived when the page answers, or goes itself.
func (c *client) goAway() {
	c.say(websocket.CloseGoingAway, "the server is ending")
	select {
	case <-c.done:
	case <-time.After(farewell):
	}
	c.close()
}

func (c *client) close() { c.once.Do(func() { close(c.done); c.conn.Close() }) }

// put fills the slot of m's topic.
func (c *client) put(m protocol.Message) {
	c.mu.Lock()
	t := topic(m)
	if _, waiting := c.slots[t]; !waiting {
		c.order = append(c.order, t)
	}
	c.slots[t] = m
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default:
	}
}

// take empties the slots.
func (c *client) take() []protocol.Message {
	c.mu.Lock()
	defer c.mu.Unlock()
	var ms []protocol.Message
	for _, t := range c.order {
		ms = append(ms, c.slots[t])
	}
	clear(c.slots)
	c.order = c.order[:0]
	return ms
}

// write sends what is in the slots until the page is gone, or was told to go:
// what it has on its way is then still read.
func (c *client) write() {
	if err := c.send(); !errors.Is(err, websocket.ErrCloseSent) {
		c.close()
	}
}

func (c *client) send() error {
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		select {
		case <-c.done:
			return nil
		case <-ping.C:
			if err := c.conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(writeDeadline)); err != nil {
				return err
			}
		case <-c.wake:
			for _, m := range c.take() {
				b, err := m.Encode()
				if err != nil {
					continue // too long to send: nothing a page could do
				}
				if err := c.conn.WriteMessage(websocket.TextMessage, b); err != nil { // the connection has its own deadline
					return err
				}
			}
		}
	}
}

// read hands the page's messages to f until the page is gone or misbehaves.
func (c *client) read(f func(protocol.Message)) {
	c.conn.SetReadLimit(protocol.MaxMessage)
	alive := func(string) error { return c.conn.SetReadDeadline(time.Now().Add(pongWait)) }
	_ = alive("")
	c.conn.SetPongHandler(alive)
	second, count := time.Now(), 0
	for {
		kind, b, err := c.conn.ReadMessage()
		if err != nil {
			if errors.Is(err, websocket.ErrReadLimit) { // the page was told
				c.drain()
			}
			return
		}
		if now := time.Now(); now.Sub(second) > time.Second {
			second, count = now, 0
		}
		if count++; count > maxPerSecond {
			c.dismiss(websocket.ClosePolicyViolation, "too many messages")
			return
		}
		if kind != websocket.TextMessage {
			c.dismiss(websocket.CloseUnsupportedData, "want text")
			return
		}
		if !utf8.Valid(b) {
			c.dismiss(websocket.CloseInvalidFramePayloadData, "text that is not UTF-8")
			return
		}
		m, err := protocol.Decode(b)
		if err != nil {
			c.dismiss(websocket.ClosePolicyViolation, "not a message of this protocol")
			return
		}
		f(m)
	}
}

// dismiss says why a page must go, and sees to it that it hears that.
func (c *client) dismiss(code int, why string) {
	c.say(code, why)
	c.drain()
}

// say sends the last frame.
func (c *client) say(code int, why string) {
	_ = c.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, why), time.Now().Add(farewell))
}

// drain reads what a page has sent before it heard of the end. Closed with bytes
// unread, a connection is reset, and the last frame may be lost with it.
func (c *client) drain() {
	n := c.conn.NetConn()
	if d, ok := n.(*conn); ok {
		d.endWriting()
	}
	if n.SetReadDeadline(time.Now().Add(farewell)) == nil {
		_, _ = io.CopyN(io.Discard, n, 16*protocol.MaxMessage)
	}
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections: bytes that are on the way for any time, in parts of any size, until somebody cuts them at any byte. */
#include "sim.h"

#include "wire/frame.h"

#include <stdlib.h>
#include <string.h>

enum { WAY_MOST = 1 << 20 };

void net_silence(struct world *w)
{
	for (size_t i = 0; i < LINKS; i++)
		if (w->links[i].used)
			buffer_consume(&w->links[i].down, SIZE_MAX);
}

static void link_done(struct link *link)
{
	if (link->process != NULL || link->peer != NULL)
		return;
	buffer_free(&link->up);
	buffer_free(&link->down);
	link->used = false;
}

void net_free(struct world *w)
{
	for (size_t i = 0; i < LINKS; i++) {
		w->links[i].process = NULL;
		w->links[i].peer = NULL;
		if (w->links[i].used)
			link_done(&w->links[i]);
	}
}

static struct link *link_new(struct world *w)
{
	for (size_t i = 0; i < LINKS; i++)
		if (!w->links[i].used) {
			struct link *link = &w->links[i];
			*link = (struct link){ .used = true };
			buffer_init(&link->up, WAY_MOST);
			buffer_init(&link->down, WAY_MOST);
			return link;
		}
	return NULL;
}

void net_dial(struct world *w, struct process *p)
{
	if (session_dial_at(p->session) > w->now)
		return;
	session_dialling(p->session);
	struct link *link = w->host.state == RUNS ? link_new(w) : NULL;
	const struct host_peer_info info = { .address = "sim", .pin = w->secure ? &w->user[p->user].pin : NULL,
		                             .user = link };
	disk_enter(&w->host.on);
	if (link != NULL)
		link->peer = host_peer_new(w->host.host, &info, w->now);
	disk_enter(&p->on);
	if (link == NULL || link->peer == NULL) {
		if (link != NULL)
			link_done(link);
		session_disconnected(p->session, TCHAT_ERR_CLOSED, w->now);
		process_events(w, p);
		return;
	}
	link->process = p;
	p->link = link;
	struct session_security security = { .host = w->pin, .user = w->user[p->user].pin };
	session_connected(p->session, w->secure ? &security : NULL, w->now);
	say(w, "p%u connects", p->index);
}

/* --- Ends */

static void cut_short(struct world *w, struct buffer *way)
{
	size_t length = buffer_length(way);
	if (length > 0)
		buffer_truncate(way, (size_t)dice(w, length + 1));
}

void net_cut(struct world *w, struct link *link)
{
	if (!link->used || link->broken)
		return;
	link->broken = true;
	cut_short(w, &link->up);
	cut_short(w, &link->down);
	/* Whoever is not told finds out by itself, after a long silence. */
	link->up_ends = link->up_ends || dice(w, 3) != 0;
	link->down_ends = link->down_ends || dice(w, 3) != 0;
	w->counts->cut++;
	w->counts->half_open += !link->up_ends || !link->down_ends;
	say(w, "connection of p%u cut%s%s", link->process != NULL ? link->process->index : 99,
	    link->up_ends ? "" : ", the host does not see it", link->down_ends ? "" : ", the client does not see it");
}

static void host_closes(struct world *w, struct link *link)
{
	disk_enter(&w->host.on);
	host_peer_closed(link->peer, w->now);
	link->peer = NULL;
	link->down_ends = link->down_ends || !link->broken;
	link_done(link);
}

/* A machine without power says nothing, until it is asked after it came back; the system of one whose process died
 * speaks for it. */
void net_hang_up(struct world *w, struct link *link, bool power)
{
	link->peer = NULL;
	if (!link->broken && dice(w, 2) == 0)
		cut_short(w, &link->down);
	link->broken = link->broken || power;
	link->down_ends = link->down_ends || !link->broken || dice(w, 2) == 0;
	link_done(link);
}

void net_leave(struct world *w, struct link *link, enum net_leaving how)
{
	link->process->link = NULL;
	link->process = NULL;
	if (how != NET_CLOSES && dice(w, 2) == 0)
		cut_short(w, &link->up);
	link->broken = link->broken || how == NET_POWER;
	link->up_ends = link->up_ends || !link->broken || dice(w, 2) == 0;
	link_done(link);
}

/* --- Bytes */

/* At most limit bytes from one end to the way. */
static size_t put_part(struct world *w, struct link *link, struct buffer *way, const struct iovec *parts, int count,
                       size_t limit)
{
	size_t moved = 0;
	for (int i = 0; i < count && moved < limit; i++) {
		size_t room = w->pipe > buffer_length(way) ? w->pipe - buffer_length(way) : 0;
		size_t n = parts[i].iov_len < room ? parts[i].iov_len : room;
		n = n < limit - moved ? n : limit - moved;
		if (!link->broken && buffer_put(way, parts[i].iov_base, n) != 0)
			abort();
		moved += n;
		if (n < parts[i].iov_len)
			break;
	}
	return moved;
}

static size_t client_writes(struct world *w, struct link *link, size_t limit)
{
	struct process *p = link->process;
	struct iovec parts[4];
	disk_enter(&p->on);
	int count = session_output(p->session, parts, 4);
	size_t n = put_part(w, link, &link->up, parts, count, link->broken ? limit / 2 : limit);
	if (n > 0)
		TCHAT(w, session_consumed(p->session, n));
	return n;
}

static size_t host_writes(struct world *w, struct link *link, size_t limit)
{
	struct iovec parts[8];
	/* The planted fault: others see it before the commit, its sender does not hear of it. */
	if (w->plant == PLANT_DELIVER_BEFORE_COMMIT && machine_delays(w) && link->process != NULL &&
	    session_pending(link->process->session) > 0)
		return 0;
	disk_enter(&w->host.on);
	int count = host_peer_output(link->peer, parts, 8);
	if (count == 0)
		return 0;
	/* Where nobody takes it, a little fits on the way. */
	size_t n = link->broken && dice(w, 4) != 0 ? 0 : put_part(w, link, &link->down, parts, count, limit);
	TCHAT(w, host_peer_consumed(link->peer, n, w->now));
	return n;
}

static size_t host_reads(struct world *w, struct link *link, size_t limit)
{
	size_t n = buffer_length(&link->up) < limit ? buffer_length(&link->up) : limit;
	disk_enter(&w->host.on);
	if (n > 65536)
		n = 65536;
	if (n > 0 && host_peer_closing(link->peer) != HOST_OPEN) { /* read to nowhere */
		buffer_consume(&link->up, n);
		return n;
	}
	if (n > 0 && host_peer_wants_input(link->peer)) {
		TCHAT(w, host_peer_input(link->peer, buffer_data(&link->up), n, w->now));
		buffer_consume(&link->up, n);
		return n;
	}
	if (buffer_length(&link->up) > 0 || !link->up_ends)
		return 0;
	if (dice(w, 2) == 0)
		host_peer_input_ended(link->peer, w->now);
	else
		host_closes(w, link);
	return 1;
}

static size_t client_reads(struct world *w, struct link *link, size_t limit)
{
	struct process *p = link->process;
	size_t n = buffer_length(&link->down) < limit ? buffer_length(&link->down) : limit;
	disk_enter(&p->on);
	if (n > SESSION_INPUT_MAX)
		n = SESSION_INPUT_MAX;
	if (n > 0) {
		TCHAT(w, session_input(p->session, buffer_data(&link->down), n, w->now));
		buffer_consume(&link->down, n);
		process_events(w, p);
		return n;
	}
	if (!link->down_ends)
		return 0;
	net_leave(w, link, NET_CLOSES);
	session_disconnected(p->session, TCHAT_ERR_CLOSED, w->now);
	process_events(w, p);
	return 1;
}

static void client_closing(struct world *w, struct link *link)
{
	struct process *p = link->process;
	struct iovec part;
	disk_enter(&p->on);
	if (!session_closing(p->session) || session_output(p->session, &part, 1) > 0)
		return;
	net_leave(w, link, NET_CLOSES);
	session_disconnected(p->session, TCHAT_ERR_CLOSED, w->now);
	process_events(w, p);
}

static void host_closing(struct world *w, struct link *link)
{
	struct iovec part;
	disk_enter(&w->host.on);
	enum host_closing closing = host_peer_closing(link->peer);
	if (closing == HOST_OPEN || (closing == HOST_FLUSH && host_peer_output(link->peer, &part, 1) > 0))
		return;
	if (closing == HOST_DROP && !link->broken)
		cut_short(w, &link->down);
	host_closes(w, link);
}

size_t net_move(struct world *w, struct link *link, size_t limit)
{
	size_t moved = 0;
	if (link->process != NULL)
		moved += client_writes(w, link, limit);
	if (link->peer != NULL)
		moved += host_writes(w, link, limit);
	if (link->peer != NULL)
		moved += host_reads(w, link, limit);
	if (link->process != NULL && link->process->stalled == 0)
		moved += client_reads(w, link, limit);
	if (link->process != NULL)
		client_closing(w, link);
	if (link->peer != NULL)
		host_closing(w, link);
	return moved;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connecting: a look-up, then attempts that race each other, in the order and at the pace of RFC 8305. */
#include "config.h"

#include "net/dial.h"

#include "base/errors.h"
#include "net/address.h"
#include "net/socket.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The Connection Attempt Delay of RFC 8305, section 5. */
#define ATTEMPT_DELAY TCHAT_MS(250)
/* When a UNIX listener's queue is full, nothing but asking again tells when it is not. */
#define QUEUE_DELAY TCHAT_MS(20)

struct attempt {
	struct dial *dial;
	struct watch *watch; /* NULL: not under way */
	int fd;
};

struct dial {
	struct loop *loop;
	struct resolve *resolve; /* while the name is looked up */
	dial_callback *callback;
	void *arg;
	struct loop_timer next_timer, end_timer;
	tchat_time started, resolved;
	int err, number; /* the most telling failure so far */
	size_t count;    /* addresses, in the order of trying */
	size_t next;     /* the first that was not tried */
	size_t active;   /* attempts under way */
	struct net_address addresses[RESOLVE_ADDRESSES];
	struct attempt attempts[RESOLVE_ADDRESSES];
};

/* What a failure tells the user about why there is no connection: an answer more than a silence, a silence
 * more than "no way there", which the family that this machine lacks gives first of all. */
static int telling(int err)
{
	switch (err) {
	case 0:
		return 0;
	case TCHAT_ERR_SYSTEM:
		return 1;
	case TCHAT_ERR_UNREACHABLE:
		return 2;
	case TCHAT_ERR_TIMED_OUT:
		return 3;
	case TCHAT_ERR_REFUSED:
		return 5;
	case TCHAT_ERR_LIMIT_FILES:
	case TCHAT_ERR_MEMORY:
		return 6;
	default:
		return 4;
	}
}

static void note(struct dial *dial, int err, int number)
{
	if (err == TCHAT_ERR_AGAIN)
		err = TCHAT_ERR_SYSTEM; /* of a route or port, not of the call */
	if (telling(err) > telling(dial->err)) {
		dial->err = err;
		dial->number = number;
	}
}

/* Ends an attempt and returns its descriptor, open. */
static int attempt_end(struct attempt *attempt)
{
	loop_watch_remove(attempt->watch);
	attempt->watch = NULL;
	attempt->dial->active--;
	return attempt->fd;
}

void dial_cancel(struct dial *dial)
{
	if (dial == NULL)
		return;
	resolve_cancel(dial->resolve);
	loop_timer_stop(dial->loop, &dial->next_timer);
	loop_timer_stop(dial->loop, &dial->end_timer);
	for (size_t i = 0; i < dial->next; i++)
		if (dial->attempts[i].watch != NULL)
			close(attempt_end(&dial->attempts[i]));
	free(dial);
}

/* The dial is gone when its owner hears of the end, so that it may dial again from there. */
static void finish(struct dial *dial, struct stream *stream)
{
	tchat_time now = loop_now(dial->loop);
	tchat_time resolved = dial->resolved == 0 ? now : dial->resolved;
	struct dial_result result = {
		.stream = stream,
		.err = stream != NULL ? 0 : dial->err,
		.number = stream != NULL ? 0 : dial->number,
		.lookup = resolved - dial->started,
		.connect = now - resolved,
	};
	dial_callback *callback = dial->callback;
	void *arg = dial->arg;
	dial_cancel(dial);
	callback(arg, &result);
}

static void win(struct dial *dial, int fd)
{
	struct stream *stream = NULL;
	int err = stream_new(fd, &stream);
	if (err != 0) {
		dial->err = err;
		dial->number = errno;
	}
	finish(dial, stream);
}

/* TCP connects a socket to itself when it happens to get, as its own, the port of this machine that it
 * calls and nobody listens on: likely enough for who redials a local host that is down. */
static bool is_self_connected(int fd)
{
	struct net_address own = { .length = sizeof own.storage }, peer = { .length = sizeof peer.storage };
	return getsockname(fd, &own.any, &own.length) == 0 && getpeername(fd, &peer.any, &peer.length) == 0 &&
	       own.any.sa_family != AF_UNIX && own.length == peer.length &&
	       memcmp(&own.storage, &peer.storage, own.length) == 0;
}

static void start_next(struct dial *dial);

static void on_writable(void *arg, unsigned events)
{
	struct attempt *attempt = arg;
	struct dial *dial = attempt->dial;
	int number = 0;
	socklen_t length = sizeof number;
	int fd = attempt_end(attempt);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &number, &length) < 0)
		number = errno;
	if (number == 0 && is_self_connected(fd))
		number = ECONNREFUSED;
	if (number == 0) {
		win(dial, fd);
		return;
	}
	close(fd);
	note(dial, net_err(number), number);
	start_next(dial);
}

/* Starts one attempt: 0 when it is under way, 1 when it is connected (the descriptor in *connected), or an
 * errno, negated. */
static int attempt_start(struct dial *dial, struct attempt *attempt, const struct net_address *address,
                         int *connected)
{
	*attempt = (struct attempt){ .dial = dial, .fd = -1 };
	int fd = socket_new(address->any.sa_family);
	if (fd < 0)
		return -errno;
	int number = connect(fd, &address->any, address->length) < 0 ? errno : 0;
	if (number == 0 && is_self_connected(fd))
		number = ECONNREFUSED;
	if (number == 0) {
		*connected = fd;
		return 1;
	}
	/* An interrupted connect() goes on by itself. */
	if (number == EINPROGRESS || number == EINTR) {
		attempt->fd = fd;
		attempt->watch = loop_watch_add(dial->loop, fd, LOOP_WRITE, 0, on_writable, attempt);
		if (attempt->watch != NULL) {
			dial->active++;
			return 0;
		}
		number = ENOMEM;
	}
	close(fd);
	return -number;
}

/* Tries addresses until an attempt is under way or there are none; ends the dial when nothing is left to
 * wait for. */
static void start_next(struct dial *dial)
{
	loop_timer_stop(dial->loop, &dial->next_timer);
	while (dial->next < dial->count) {
		size_t at = dial->next++;
		int fd = -1;
		int status = attempt_start(dial, &dial->attempts[at], &dial->addresses[at], &fd);
		if (status == 1) {
			win(dial, fd);
			return;
		}
		if (status == 0) {
			if (dial->next < dial->count)
				loop_timer_set(dial->loop, &dial->next_timer, loop_now(dial->loop) + ATTEMPT_DELAY);
			return;
		}
		if (status == -EAGAIN && dial->addresses[at].any.sa_family == AF_UNIX) {
			dial->next = at;
			loop_timer_set(dial->loop, &dial->next_timer, loop_now(dial->loop) + QUEUE_DELAY);
			return;
		}
		note(dial, net_err(-status), -status);
	}
	if (dial->active == 0)
		finish(dial, NULL);
}

static void on_next(void *arg)
{
	start_next(arg);
}

static void on_end(void *arg)
{
	struct dial *dial = arg;
	note(dial, TCHAT_ERR_TIMED_OUT, ETIMEDOUT);
	finish(dial, NULL);
}

/* The families take turns, the system's first choice first (RFC 8305, section 4). */
static void interleave(struct dial *dial, const struct net_address *addresses, size_t count)
{
	size_t at[2] = { 0, 0 };
	sa_family_t first = addresses[0].any.sa_family;
	for (size_t turn = 0; dial->count < count; turn++) {
		size_t *i = &at[turn % 2];
		while (*i < count && (addresses[*i].any.sa_family == first) != (turn % 2 == 0))
			++*i;
		if (*i < count)
			dial->addresses[dial->count++] = addresses[(*i)++];
	}
}

static void on_resolved(void *arg, int err, int number, const struct net_address *addresses, size_t count)
{
	struct dial *dial = arg;
	dial->resolve = NULL;
	dial->resolved = loop_now(dial->loop);
	if (err != 0) {
		note(dial, err, number);
		finish(dial, NULL);
		return;
	}
	interleave(dial, addresses, count);
	start_next(dial);
}

static struct dial *dial_new(struct loop *loop, tchat_time timeout, dial_callback *callback, void *arg)
{
	struct dial *dial = malloc(sizeof *dial);
	if (dial == NULL)
		return NULL;
	/* The addresses, some kilobytes, are not worth clearing. */
	memset(dial, 0, offsetof(struct dial, addresses));
	dial->loop = loop;
	dial->callback = callback;
	dial->arg = arg;
	dial->started = loop_now(loop);
	loop_timer_init(&dial->next_timer, on_next, dial);
	loop_timer_init(&dial->end_timer, on_end, dial);
	tchat_time left = TCHAT_NEVER - dial->started;
	loop_timer_set(loop, &dial->end_timer, timeout < left ? dial->started + timeout : TCHAT_NEVER);
	return dial;
}

int dial_tcp(struct loop *loop, struct resolver *resolver, const char *node, const char *service, tchat_time timeout,
             dial_callback *callback, void *arg, struct dial **out)
{
	struct dial *dial = dial_new(loop, timeout, callback, arg);
	if (dial == NULL)
		return net_err(ENOMEM);
	int err = resolve_start(resolver, node, service, on_resolved, dial, &dial->resolve);
	if (err != 0) {
		dial->resolve = NULL;
		dial_cancel(dial);
		return err;
	}
	*out = dial;
	return 0;
}

int dial_unix(struct loop *loop, const char *path, tchat_time timeout, dial_callback *callback, void *arg,
              struct dial **out)
{
	struct dial *dial = dial_new(loop, timeout, callback, arg);
	if (dial == NULL)
		return net_err(ENOMEM);
	int err = net_address_unix(&dial->addresses[0], path);
	if (err != 0) {
		dial_cancel(dial);
		return err;
	}
	dial->count = 1;
	dial->resolved = dial->started;
	loop_timer_set(loop, &dial->next_timer, 0);
	*out = dial;
	return 0;
}

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat --ping: echo round trips through PING, reported as ping(8) does. It joins no room. */
#include "app/talk.h"

#include "app/exit_status.h"
#include "app/ping_stats.h"
#include "base/buffer.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { PAYLOAD = 64, SEQUENCE_SIZE = 8 };

#define WAIT_LEAST TCHAT_SECONDS(2)
#define WAIT_MOST TCHAT_SECONDS(10)

struct ping {
	struct talk talk;
	struct ping_stats stats;
	struct loop_timer timer; /* the next one is due, or the last one has not come in time */
	char where[ADDRESS_TEXT];
	tchat_time started;
	tchat_time first;  /* when the first one was sent */
	tchat_time sent;   /* the last one */
	bool connected;
	bool over;         /* no more are sent */
	int status;
};

/* How long a reply may take at the end. */
static tchat_time ping_patience(const struct ping *ping)
{
	tchat_time interval = ping->talk.options->interval;
	return interval < WAIT_LEAST ? WAIT_LEAST : interval > WAIT_MOST ? WAIT_MOST : interval;
}

static double in_ms(tchat_time time)
{
	return (double)time / 1000;
}

static void ping_end(struct ping *ping, int status)
{
	if (ping->over && ping->status >= 0)
		return;
	ping->over = true;
	ping->status = status;
	loop_timer_stop(ping->talk.loop, &ping->timer);
	loop_stop(ping->talk.loop, 0);
}

static int ping_outcome(const struct ping *ping)
{
	return ping->stats.received == ping->stats.transmitted ? EXIT_STATUS_OK : EXIT_STATUS_LOSS;
}

/* --- What is printed; nobody reading it is an end. */

static void ping_flush(struct ping *ping)
{
	if (fflush(stdout) != 0)
		ping_end(ping, errno == EPIPE ? ping_outcome(ping) : EXIT_STATUS_SYSTEM);
}

/* What the kernel and the dialler know of the connection, at its beginning. */
static void print_connection(const struct ping *ping, const struct session_event *event)
{
	const struct link_dial *dial = link_last_dial(ping->talk.link);
	const struct stream *stream = link_stream(ping->talk.link);
	tchat_time now = loop_now(ping->talk.loop), all = now - ping->started;
	tchat_time before = dial->lookup + dial->connect;
	struct stream_info info;
	struct buffer software;
	if (stream == NULL)
		return;
	stream_info(stream, &info);
	printf(_("connected to %s, family %s\n"), stream_peer(stream), info.family);
	if (info.send_buffer >= 0 && info.receive_buffer >= 0)
		printf(_("send buffer %1$d bytes, receive buffer %2$d bytes\n"), info.send_buffer, info.receive_buffer);
	printf(_("name look-up %.3f ms, connect %.3f ms, handshake %.3f ms\n"), in_ms(dial->lookup), in_ms(dial->connect),
	       in_ms(all > before ? all - before : 0));
	buffer_init(&software, 4096);
	if (text_clean(&software, event->other, strlen(event->other), TEXT_LINE) == 0 && buffer_length(&software) > 0)
		printf(_("host software: %.*s\n"), (int)buffer_length(&software), (const char *)buffer_data(&software));
	buffer_free(&software);
}

/* What TCP measured by itself; nothing where it is no TCP. */
static void print_tcp(const struct stream_info *info)
{
	if (info->rtt_us < 0)
		return;
	printf(_("TCP: rtt %.3f ms, variation %.3f ms\n"), (double)info->rtt_us / 1000,
	       (double)(info->rtt_variation_us < 0 ? 0 : info->rtt_variation_us) / 1000);
	if (info->retransmits >= 0)
		printf(ngettext("TCP: %" PRId64 " segment sent again\n", "TCP: %" PRId64 " segments sent again\n",
		                intl_count((uint64_t)info->retransmits)),
		       info->retransmits);
}

static void print_statistics(const struct ping *ping, const struct stream_info *info)
{
	const struct ping_stats *stats = &ping->stats;
	tchat_time took = stats->transmitted > 0 ? clock_monotonic() - ping->first : 0;
	printf(_("\n--- %s ping statistics ---\n"), ping->where);
	printf(_("%1$" PRIu64 " transmitted, %2$" PRIu64 " received, %3$u%% loss, time %4$.0f ms\n"), stats->transmitted,
	       stats->received, ping_stats_loss(stats), in_ms(took));
	if (stats->received > 0)
		printf(_("rtt min/avg/max/mdev = %.3f/%.3f/%.3f/%.3f ms\n"), in_ms(stats->least),
		       ping_stats_average(stats), in_ms(stats->greatest), ping_stats_deviation(stats));
	if (ping->talk.options->verbose)
		print_tcp(info);
}

/* --- What happens */

static void ping_send(struct ping *ping)
{
	uint8_t payload[PAYLOAD];
	tchat_time now = clock_monotonic();
	uint64_t sequence = ++ping->stats.transmitted;
	if (sequence == 1)
		ping->first = now;
	ping->sent = now;
	for (size_t i = 0; i < PAYLOAD; i++)
		payload[i] = (uint8_t)i;
	for (int i = 0; i < SEQUENCE_SIZE; i++)
		payload[i] = (uint8_t)(sequence >> (8 * (SEQUENCE_SIZE - 1 - i)));
	int err = session_ping(ping->talk.session, payload, sizeof payload, now);
	if (err != 0)
		printf(_("seq=%" PRIu64 " not sent: too many are still under way\n"), sequence);
	loop_again(ping->talk.loop);
}

/* Sends what is due: by the deadline of each, so that the interval does not drift. */
static void ping_timer(void *arg)
{
	struct ping *ping = arg;
	const struct options *options = ping->talk.options;
	if (ping->stats.transmitted == (uint64_t)options->count) {
		ping_end(ping, ping_outcome(ping));
		return;
	}
	ping_send(ping);
	tchat_time next = ping->first + ping->stats.transmitted * options->interval;
	if (ping->stats.transmitted == (uint64_t)options->count || options->interval == 0)
		next = ping->sent + ping_patience(ping);
	else if (next < ping->sent)
		next = ping->sent; /* after a suspend: no burst */
	loop_timer_set(ping->talk.loop, &ping->timer, next);
	ping_flush(ping);
}

static void ping_pong(struct ping *ping, const struct session_event *event)
{
	const struct options *options = ping->talk.options;
	uint64_t sequence = 0;
	for (int i = 0; i < SEQUENCE_SIZE; i++)
		sequence = sequence << 8 | (uint8_t)event->text[i];
	ping_stats_add(&ping->stats, event->rtt);
	printf(_("%1$zu bytes from %2$s: seq=%3$" PRIu64 " time=%4$.3f ms\n"), event->length, ping->where, sequence,
	       in_ms(event->rtt));
	if (ping->stats.transmitted == (uint64_t)options->count && ping->stats.received == ping->stats.transmitted)
		ping_end(ping, EXIT_STATUS_OK);
	else if (options->interval == 0 && ping->stats.transmitted < (uint64_t)options->count)
		loop_timer_set(ping->talk.loop, &ping->timer, 0);
	ping_flush(ping);
}

static void ping_connected(struct ping *ping, const struct session_event *event)
{
	ping->connected = true;
	printf(_("PING %s: %d bytes\n"), ping->where, PAYLOAD);
	if (ping->talk.options->verbose)
		print_connection(ping, event);
	loop_timer_set(ping->talk.loop, &ping->timer, 0);
}

static void ping_disconnected(struct ping *ping, const struct session_event *event)
{
	char text[TALK_TEXT];
	if (ping->over)
		return;
	talk_explain(&ping->talk, event->code, text, sizeof text);
	fflush(stdout);
	say("%s", text);
	ping_end(ping, ping->connected ? EXIT_STATUS_LOSS : talk_status(&ping->talk, event->code));
}

static void ping_event(void *arg, const struct session_event *event)
{
	struct ping *ping = arg;
	if (event->type == SESSION_CONNECTED)
		ping_connected(ping, event);
	else if (event->type == SESSION_DISCONNECTED)
		ping_disconnected(ping, event);
	else if (event->type == SESSION_PONG && event->length == PAYLOAD && !ping->over)
		ping_pong(ping, event);
}

static void ping_signal(void *arg, int number)
{
	struct ping *ping = arg;
	/* What was sent just now is neither lost nor back. */
	if (ping->stats.transmitted > ping->stats.received && loop_now(ping->talk.loop) < ping->sent + ping_patience(ping))
		ping->stats.transmitted--;
	ping_end(ping, ping->connected ? ping_outcome(ping) : EXIT_STATUS_UNAVAILABLE);
}

int mode_ping(const struct options *options, struct talk_place *place)
{
	struct ping ping = { .status = -1 };
	struct stream_info info = { .rtt_us = -1 };
	int status = talk_open(&ping.talk, options, place, 0, false);
	if (status != 0)
		goto out;
	status = EXIT_STATUS_SYSTEM;
	address_format(&place->address, ping.where, sizeof ping.where);
	loop_timer_init(&ping.timer, ping_timer, &ping);
	ping.talk.handlers.event = ping_event;
	ping.talk.handlers.arg = &ping;
	ping.talk.signal = ping_signal;
	ping.started = clock_monotonic();
	if (talk_start(&ping.talk) != 0) {
		say("%s", tchat_err_text(TCHAT_ERR_MEMORY));
		goto out;
	}
	if (loop_run(ping.talk.loop) >= 0)
		status = ping.status;
	if (ping.connected) {
		const struct stream *stream = link_stream(ping.talk.link);
		if (stream != NULL)
			stream_info(stream, &info);
		/* A goodbye, so that the host does not take it for a loss. */
		session_leave(ping.talk.session);
		loop_run_once(ping.talk.loop, 0);
		print_statistics(&ping, &info);
		if (fflush(stdout) != 0 && errno != EPIPE)
			status = EXIT_STATUS_SYSTEM;
	}
out:
	talk_free(&ping.talk);
	return status;
}

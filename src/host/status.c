/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What owners ask about the host itself: how much of each limit is used, and a copy of its history. */
#include "host/rule.h"

#include "host/door.h"

#include "host/internal.h"

#include "base/errors.h"

#include <string.h>

struct host_report {
	struct buffer records;
	int err;
};

void host_report_add(struct host_report *report, const char *name, uint64_t used, uint64_t most, const char *text)
{
	struct message message = { .type = WIRE_VALUE };
	message.value.used = used;
	message.value.most = most;
	message.value.name = wire_text(name);
	message.value.text = wire_text(text);
	if (report->err == 0)
		report->err = message_encode(&report->records, &message);
}

static void report_begin(struct host_report *report)
{
	report->err = 0;
	buffer_init(&report->records, WIRE_LIMIT - 64);
}

/* Sends it as the answer; more than fits into a frame is an error of who added it. */
static void report_end(struct host_report *report, struct host_peer *peer, uint32_t request)
{
	struct message message = { .type = WIRE_REPORT };
	message.report.request = request;
	message.report.records = (struct wire_bytes){ buffer_data(&report->records), buffer_length(&report->records) };
	if (report->err == 0)
		host_queue_message(peer, &message);
	else
		host_answer_error(peer, request, TCHAT_ERR_BUSY, WIRE_STATUS);
	buffer_free(&report->records);
}

static void tell_counters(struct host *host, struct host_report *report)
{
	struct host_counters counters;
	host_counters(host, &counters);
	host_report_add(report, "connections", counters.peers, host->limits.peers, NULL);
	host_report_add(report, "members", counters.ready, 0, NULL);
	host_report_add(report, "users", counters.users, host->limits.remembered, NULL);
	host_report_add(report, "rooms", counters.rooms, host->limits.rooms, NULL);
	host_report_add(report, "accounts", HASH_COUNT(host->accounts), host->limits.accounts, NULL);
	host_report_add(report, "knocks", host->knock_count, host->limits.knocks, NULL);
	host_report_add(report, "invitations", HASH_COUNT(host->invitations), host->limits.invitations, NULL);
	host_report_add(report, "rules", HASH_COUNT(host->rules), host->limits.rules, NULL);
	host_report_add(report, "queued", counters.queued, host->limits.queue_total, NULL);
	host_report_add(report, "posts", counters.posts, 0, NULL);
	host_report_add(report, "refused", counters.refused, 0, NULL);
	host_report_add(report, "deliveries", counters.deliveries, 0, NULL);
	host_report_add(report, "gaps", counters.gaps, 0, NULL);
}

static void backup(struct host_peer *peer, uint32_t request)
{
	struct host *host = peer->host;
	struct pending *pending = host_pending_new(host, peer, STORE_BACKUP, WIRE_STATUS, request);
	if (pending == NULL)
		return; /* the peer is closed */
	pending->store.backup.time = host->environment->wall(host->environment->arg);
	host_pending_send(host, pending);
}

void host_status(struct host_peer *peer, const struct wire_status *status)
{
	struct host *host = peer->host;
	struct host_report report;
	if (!peer->owner) {
		host_answer_error(peer, status->request, TCHAT_ERR_NOT_ALLOWED, WIRE_STATUS);
	} else if (status->action == STATUS_BACKUP) {
		backup(peer, status->request);
	} else if (status->action == STATUS_TELL) {
		report_begin(&report);
		tell_counters(host, &report);
		if (host->report != NULL)
			host->report(host->report_arg, &report);
		report_end(&report, peer, status->request);
	} else {
		host_answer_error(peer, status->request, TCHAT_ERR_BAD_KIND, WIRE_STATUS);
	}
}

void host_backup_completed(struct host *host, struct pending *pending)
{
	struct host_peer *peer = pending->peer;
	const struct store_backup *made = &pending->store.backup;
	struct host_report report;
	int err = made->request.error;
	host_event_named(host, HOST_EVENT_BACKUP, peer->user == NULL ? NULL : peer->user->nick.shown, made->name, made->why, err);
	if (peer->closing != HOST_OPEN)
		return;
	if (err != 0) {
		/* This machine's own errors are for its log. */
		host_answer_error(peer, pending->number, err <= -64 ? err : TCHAT_ERR_BACKUP_FAILED, WIRE_STATUS);
		return;
	}
	report_begin(&report);
	host_report_add(&report, "backup", made->bytes, 0, made->name);
	host_report_add(&report, "messages", made->messages, 0, NULL);
	report_end(&report, peer, pending->number);
}

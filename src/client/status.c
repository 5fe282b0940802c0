/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What an owner asks the host about itself. */
#include "client/internal.h"

#include "base/errors.h"

enum { VALUE_NAME_MAX = 32, VALUE_TEXT_MAX = 1024 };

int status_report(struct session *session, const struct wire_report *report)
{
	struct request request;
	if (!request_take(session, report->request, &request) ||
	    (request.kind != REQUEST_STATUS && request.kind != REQUEST_BACKUP))
		return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_REPORT);
	struct wire_bytes records = report->records;
	struct message message;
	struct draft end = { .event = { .type = SESSION_REPORT_END, .request = request.kind } };
	int err = 0, next;
	while (err == 0 && (next = record_next(&records, WIRE_VALUE, &message)) != 0) {
		if (next < 0)
			return session_fail(session, TCHAT_ERR_BAD_FRAME, WIRE_REPORT);
		struct draft draft = { .event = { .type = SESSION_VALUE,
			                          .request = request.kind,
			                          .seq = message.value.used,
			                          .count = message.value.most },
			               .name = wire_cut(message.value.name, VALUE_NAME_MAX),
			               .text = wire_cut(message.value.text, VALUE_TEXT_MAX) };
		end.event.count++;
		err = session_tell(session, &draft);
	}
	return err != 0 ? err : session_tell(session, &end);
}

static int ask(struct session *session, enum session_request kind, enum wire_status_action action)
{
	if (!session_ready(session))
		return TCHAT_ERR_AGAIN;
	struct request *request = request_add(session, kind, 0, false);
	if (request == NULL)
		return TCHAT_ERR_FULL;
	return request_send(session, &(struct message){ .type = WIRE_STATUS,
	                                                .status = { .request = request->id, .action = (uint8_t)action } });
}

int session_status(struct session *session)
{
	return ask(session, REQUEST_STATUS, STATUS_TELL);
}

int session_backup(struct session *session)
{
	return ask(session, REQUEST_BACKUP, STATUS_BACKUP);
}

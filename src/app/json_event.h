/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A session's events as JSON objects; tchat(1), JSON OBJECTS. */
#ifndef TCHAT_APP_JSON_EVENT_H
#define TCHAT_APP_JSON_EVENT_H

#include "app/door.h"
#include "app/json_write.h"
#include "client/event.h"

/* Writes the object of an event, if there is one for it. own_nick: what one is called now. now: monotonic. 0, or what
 * json_end() says. */
int json_event(struct json_writer *writer, const struct session_event *event, const char *own_nick, tchat_time now);

/* What a key is: "host" objects, about the host's own at name; status: "new" or "changed". */
int json_host(struct json_writer *writer, const char *status, const char *name, const struct trust_pin *pin);

/* An invitation that was asked for, with its links. */
int json_invited(struct json_writer *writer, const struct door_asked *asked, const char *const *links, size_t count);

/* Writes an "error" object about a line of input. ref and why may be NULL. */
int json_input_error(struct json_writer *writer, int code, const char *ref, const char *why);

#endif

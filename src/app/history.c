/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reports on and extracts of kept histories. */
#include "app/history.h"

#include "app/exit_status.h"
#include "base/errors.h"
#include "base/intl.h"

#include "config.h"

#ifdef HAVE_SQLITE
#include "app/json_event.h"
#include "base/text.h"
#include "store/sqlite_look.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Faults that are told one by one; a thousand more say nothing new. JSON waits until there is so much of it. */
enum { FAULTS_TOLD = 100, TEXT_MAX = 4096, JSON_MAX = 1 << 20, JSON_FLUSH = 1 << 16 };

static int open_look(struct look **look, const char *folder)
{
	char why[LOOK_WHY_SIZE];
	int err = look_open(look, folder, why);
	if (err == 0)
		return 0;
	say("%s", why);
	return err == TCHAT_ERR_ARGUMENT || err == TCHAT_ERR_NOT_FOUND ? EXIT_STATUS_CONFIG : EXIT_STATUS_SYSTEM;
}

/* A full disk or a closed pipe must not pass for success. */
static int end_output(int status)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	say(_("cannot write: %s"), strerror(errno));
	return EXIT_STATUS_SYSTEM;
}

/* --- The report */

/* Names in a damaged file may be anything. */
static void print_clean(const char *text)
{
	struct buffer clean;
	buffer_init(&clean, TEXT_MAX);
	if (text_clean(&clean, text, strlen(text), TEXT_LINE) == 0)
		fwrite(buffer_data(&clean), 1, buffer_length(&clean), stdout);
	putchar('\n');
	buffer_free(&clean);
}

static void count_fault(void *arg, const char *text)
{
	uint64_t *faults = arg;
	if (++*faults <= FAULTS_TOLD)
		print_clean(text);
}

static int print_room(void *arg, const struct look_room *room)
{
	char text[TEXT_MAX];
	uint64_t count = room->floor <= room->head ? room->head + 1 - room->floor : 0;
	const char *mark = room->kind == ROOM_DIRECT ? "@" : "#";
	if (count == 0)
		snprintf(text, sizeof text, _("%1$s%2$s: no messages"), mark, room->name);
	else
		snprintf(text, sizeof text,
		         ngettext("%1$s%2$s: %3$" PRIu64 " message, from number %4$" PRIu64 " to %5$" PRIu64,
		                  "%1$s%2$s: %3$" PRIu64 " messages, from number %4$" PRIu64 " to %5$" PRIu64, count),
		         mark, room->name, count, room->floor, room->head);
	print_clean(text);
	return 0;
}

int mode_check_history(const struct options *options)
{
	struct look *look;
	struct look_counts counts;
	uint64_t faults = 0;
	int status = open_look(&look, options->target);
	if (status != 0)
		return status;
	int err = look_check(look, &counts, count_fault, &faults);
	if (err == 0 && faults == 0)
		err = look_rooms(look, print_room, NULL);
	if (err != 0) {
		say("%s", err == TCHAT_ERR_SYSTEM ? look_why(look) : tchat_err_text(err));
		status = EXIT_STATUS_SYSTEM;
	} else {
		if (faults > FAULTS_TOLD)
			printf("...\n");
		printf(_("format %1$d, rooms: %2$" PRIu64 ", messages: %3$" PRIu64 ", devices: %4$" PRIu64 ", bytes: %5$" PRIu64
		         ", faults: %6$" PRIu64 "\n"),
		       counts.format, counts.rooms, counts.messages, counts.devices, counts.bytes, faults);
		status = faults > 0 ? EXIT_STATUS_LOSS : EXIT_STATUS_OK;
	}
	look_close(look);
	return end_output(status);
}

/* --- The extract */

struct export {
	struct look *look;
	struct json_writer writer;
	const char *only;  /* folded name of the one room wanted, or NULL */
	bool only_direct;
	const char *room;  /* name in the objects */
	bool found;
	uint64_t faults;
};

static void export_flush(struct export *export)
{
	fwrite(buffer_data(&export->writer.out), 1, buffer_length(&export->writer.out), stdout);
	buffer_truncate(&export->writer.out, 0);
}

static int export_record(void *arg, uint64_t seq, const uint8_t *record, size_t length)
{
	struct export *export = arg;
	struct frame frame;
	struct message message;
	char nick[TEXT_NAME_BYTES + 1];
	if (frame_peek(&frame, record, length, WIRE_LIMIT) != (int)length || frame.type != WIRE_MSG ||
	    message_decode(&message, frame.type, frame.payload, frame.length) != 0 ||
	    !wire_copy(nick, sizeof nick, message.msg.nick)) {
		export->faults++;
		return 0;
	}
	const struct wire_msg *msg = &message.msg;
	bool blank = (msg->flags & MSG_BLANK) != 0;
	const struct session_event event = {
		.type = SESSION_PAST,
		.name = export->room,
		.nick = nick,
		.other = "",
		.ref = "",
		.user = msg->sender,
		.kind = msg->kind,
		.seq = seq,
		.time = msg->time,
		.id = msg->id,
		.text = (const char *)msg->body.data,
		.length = blank ? 0 : msg->body.length,
		.blank = blank,
		.target = msg->target.length == 8 ? wire_get(msg->target.data, 8) : 0,
		.reply = msg->reply.length == 8 ? wire_get(msg->reply.data, 8) : 0,
	};
	int err = json_event(&export->writer, &event, "", 0);
	if (buffer_length(&export->writer.out) >= JSON_FLUSH)
		export_flush(export);
	return err != 0 ? err : ferror(stdout) ? TCHAT_ERR_CLOSED : 0;
}

static int export_room(void *arg, const struct look_room *room)
{
	struct export *export = arg;
	char name[2 * TEXT_NAME_BYTES + 4];
	bool direct = room->kind == ROOM_DIRECT;
	bool other = export->only != NULL && strcmp(export->only, room->key) != 0 &&
	             (!direct || strcmp(export->only, room->name) != 0);
	if (other || (export->only != NULL && direct != export->only_direct))
		return 0;
	snprintf(name, sizeof name, "%s%s", direct ? "@" : "", room->name);
	export->found = true;
	export->room = name;
	return look_records(export->look, room->id, export_record, export);
}

/* The room's name as it is compared; false after a line on stderr. */
static bool choose_room(struct export *export, const struct options *options, struct buffer *folded)
{
	const char *name = options->room;
	if (options->source[SETTING_ROOM] != FROM_COMMAND_LINE)
		return true;
	export->only_direct = name[0] == '@';
	name += name[0] == '@' || name[0] == '#';
	int err = export->only_direct ? buffer_put_string(folded, name) : text_name_fold(folded, name, strlen(name));
	if (err == 0)
		err = buffer_put(folded, "", 1);
	export->only = (const char *)buffer_data(folded);
	if (err != 0)
		say("--room: %s", tchat_err_text(err));
	return err == 0;
}

int mode_export(const struct options *options)
{
	struct export export = { 0 };
	struct buffer folded;
	buffer_init(&folded, TEXT_MAX);
	buffer_init(&export.writer.out, JSON_MAX);
	int status = choose_room(&export, options, &folded) ? open_look(&export.look, options->target) : EXIT_STATUS_USAGE;
	if (status != 0)
		goto out;
	int err = look_rooms(export.look, export_room, &export);
	export_flush(&export);
	if (err != 0 && err != TCHAT_ERR_CLOSED) {
		say("%s", err == TCHAT_ERR_SYSTEM ? look_why(export.look) : tchat_err_text(err));
		status = EXIT_STATUS_SYSTEM;
	} else if (export.only != NULL && !export.found) {
		say("--room: %s: %s", options->room, tchat_err_text(TCHAT_ERR_NO_ROOM));
		status = EXIT_STATUS_LOSS;
	} else if (export.faults > 0) {
		say(ngettext("%" PRIu64 " message cannot be read; see --check-history",
		             "%" PRIu64 " messages cannot be read; see --check-history", export.faults), export.faults);
		status = EXIT_STATUS_LOSS;
	}
	status = end_output(status);
out:
	look_close(export.look);
	buffer_free(&folded);
	buffer_free(&export.writer.out);
	return status;
}
#else
static int without(void)
{
	say("%s", _("--check-history and --export: this tchat was built without SQLite"));
	return EXIT_STATUS_USAGE;
}

int mode_check_history(const struct options *options)
{
	return without();
}

int mode_export(const struct options *options)
{
	return without();
}
#endif

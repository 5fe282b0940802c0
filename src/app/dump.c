/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat --dump. Frames are cut by their lengths, so one with a bad payload does not hide those behind it; only a
 * length beyond the limit, or the end of input inside a frame, leaves nothing to go on with. */
#include "app/dump.h"

#include "app/exit_status.h"
#include "app/options.h"
#include "base/errors.h"
#include "base/intl.h"
#include "wire/frame.h"
#include "wire/message.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { DUMP_READ = 65536, DUMP_LINE = 8 * (FRAME_HEADER + FRAME_MAXIMUM) };

struct dump {
	FILE *out;
	struct buffer held; /* what is read but not yet printed */
	uint64_t offset;    /* of its first byte */
	size_t limit;       /* greatest payload */
	bool broken;        /* something was wrong */
	bool lost;          /* so wrong that the next frame cannot be found */
};

/* The text of one frame; lines behind its first are moved under it. */
static int dump_text(struct dump *dump, const char *text, size_t length)
{
	fprintf(dump->out, "%08" PRIx64 " ", dump->offset);
	while (length > 0) {
		const char *newline = memchr(text, '\n', length);
		size_t line = newline != NULL ? (size_t)(newline - text) + 1 : length;
		fwrite(text, 1, line, dump->out);
		text += line;
		length -= line;
		if (length > 0)
			fputs("         ", dump->out);
	}
	return ferror(dump->out) ? TCHAT_ERR_SYSTEM : 0;
}

static int dump_frame(struct dump *dump, const struct frame *frame)
{
	struct message message;
	struct buffer text;
	int err = message_decode(&message, frame->type, frame->payload, frame->length);
	if (err != 0 && (err != TCHAT_ERR_UNKNOWN_TYPE || frame->type % 2 == 0))
		dump->broken = true;
	if (err == 0 && frame->type == WIRE_WELCOME && message.welcome.frame_limit > dump->limit)
		dump->limit = message.welcome.frame_limit;
	buffer_init(&text, DUMP_LINE);
	err = message_print(&text, frame->type, frame->payload, frame->length);
	if (err == 0)
		err = dump_text(dump, (const char *)buffer_data(&text), buffer_length(&text));
	buffer_free(&text);
	return err;
}

/* Prints the whole frames held. */
static int dump_frames(struct dump *dump)
{
	struct frame frame;
	while (!dump->lost) {
		int size = frame_peek(&frame, buffer_data(&dump->held), buffer_length(&dump->held), dump->limit);
		if (size == 0)
			return 0;
		if (size < 0) {
			dump->broken = dump->lost = true;
			fprintf(dump->out, "%08" PRIx64 " ! %s: ", dump->offset, tchat_err_name(size));
			fprintf(dump->out, _("type 0x%02x with %zu bytes, more than %zu; nothing behind it can be read\n"),
			        frame.type, (size_t)frame.length, dump->limit);
			return 0;
		}
		int err = dump_frame(dump, &frame);
		if (err != 0)
			return err;
		buffer_consume(&dump->held, (size_t)size);
		dump->offset += (uint64_t)size;
	}
	return 0;
}

/* The input ended: it has to be between two frames. */
static void dump_end(struct dump *dump)
{
	size_t held = buffer_length(&dump->held);
	if (held == 0 || dump->lost)
		return;
	dump->broken = true;
	const uint8_t *bytes = buffer_data(&dump->held);
	const char *name = message_name(bytes[0]);
	fprintf(dump->out, "%08" PRIx64 " ! ", dump->offset);
	if (held < FRAME_HEADER)
		fprintf(dump->out, _("the stream ends inside a header: %zu of %d bytes\n"), held, FRAME_HEADER);
	else
		fprintf(dump->out, _("the stream ends inside a frame: type 0x%02x (%s), %zu of %zu bytes\n"), bytes[0],
		        name != NULL ? name : "?", held - FRAME_HEADER, (size_t)wire_get(bytes + 1, 3));
}

int mode_dump(int in, FILE *out)
{
	struct dump dump = { .out = out, .limit = WIRE_LIMIT };
	int err = 0;
	buffer_init(&dump.held, FRAME_HEADER + FRAME_MAXIMUM + DUMP_READ);
	while (err == 0 && !dump.lost) {
		uint8_t *at = buffer_reserve(&dump.held, DUMP_READ, &err);
		if (at == NULL)
			break;
		ssize_t length = read(in, at, DUMP_READ);
		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0) {
			say(_("cannot read: %s"), strerror(errno));
			err = TCHAT_ERR_SYSTEM;
		}
		if (length <= 0)
			break;
		buffer_commit(&dump.held, (size_t)length);
		err = dump_frames(&dump);
		fflush(out);
	}
	if (err == 0)
		dump_end(&dump);
	if ((fflush(out) != 0 || ferror(out)) && err == 0)
		err = TCHAT_ERR_SYSTEM;
	if (err != 0 && err != TCHAT_ERR_SYSTEM)
		say("%s", tchat_err_text(err));
	buffer_free(&dump.held);
	return err != 0 ? EXIT_STATUS_SYSTEM : dump.broken ? EXIT_STATUS_PROTOCOL : EXIT_STATUS_OK;
}

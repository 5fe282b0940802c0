/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lines that are understood are "PIN NAME[,NAME...]", and whatever stands behind that is kept as all other lines are. */
#include "store/known_hosts.h"

#include "base/base64.h"
#include "base/buffer.h"
#include "base/errors.h"
#include "base/file.h"
#include "base/paths.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PIN_TEXT = BASE64URL_LENGTH(ADDRESS_PIN_SIZE),
	HELD_MAXIMUM = KNOWN_HOSTS_MAXIMUM + 4096, /* file_read() reads in pieces */
};

struct known_hosts {
	struct buffer text;
	char path[PATHS_MAX]; /* "": text is all there is */
};

struct line {
	const char *start;
	size_t length; /* without its end */
	bool has_key;
	uint8_t pin[ADDRESS_PIN_SIZE];
	const char *names;
	size_t names_length;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line of [*at, end); false behind the last. */
static bool next_line(struct line *line, const char **at, const char *end)
{
	if (*at == end)
		return false;
	const char *newline = memchr(*at, '\n', (size_t)(end - *at));
	const char *stop = newline == NULL ? end : newline;
	*line = (struct line){ .start = *at, .length = (size_t)(stop - *at) };
	*at = newline == NULL ? end : newline + 1;
	const char *c = line->start;
	while (c < stop && is_blank(*c))
		c++;
	if (stop - c <= PIN_TEXT || !is_blank(c[PIN_TEXT]) || !base64url_read(line->pin, ADDRESS_PIN_SIZE, c, PIN_TEXT))
		return true;
	for (c += PIN_TEXT; c < stop && is_blank(*c);)
		c++;
	line->names = c;
	while (c < stop && !is_blank(*c))
		c++;
	line->names_length = (size_t)(c - line->names);
	line->has_key = line->names_length > 0;
	return true;
}

/* The next of a line's names; false behind the last. */
static bool next_name(const struct line *line, const char **name, size_t *length)
{
	const char *end = line->names + line->names_length;
	const char *at = *name == NULL ? line->names : *name + *length + 1;
	if (at >= end)
		return false;
	const char *comma = memchr(at, ',', (size_t)(end - at));
	*name = at;
	*length = (size_t)((comma == NULL ? end : comma) - at);
	return true;
}

static bool line_has_name(const struct line *line, const char *name)
{
	const char *one = NULL;
	size_t length = 0;
	while (line->has_key && next_name(line, &one, &length))
		if (length == strlen(name) && memcmp(one, name, length) == 0)
			return true;
	return false;
}

static bool line_has_pin(const struct line *line, const uint8_t *pin)
{
	return line->has_key && pin != NULL && memcmp(line->pin, pin, ADDRESS_PIN_SIZE) == 0;
}

static bool is_name(const char *name)
{
	for (const char *c = name; *c != '\0'; c++)
		if ((unsigned char)*c <= ' ' || *c == 0x7f || *c == ',')
			return false;
	return name[0] != '\0' && strlen(name) < KNOWN_HOSTS_NAME;
}

struct known_hosts *known_hosts_new(const char *path)
{
	if (path != NULL && strlen(path) >= PATHS_MAX)
		return NULL;
	struct known_hosts *known = calloc(1, sizeof *known);
	if (known == NULL)
		return NULL;
	buffer_init(&known->text, HELD_MAXIMUM);
	if (path != NULL)
		strcpy(known->path, path);
	return known;
}

void known_hosts_free(struct known_hosts *known)
{
	if (known == NULL)
		return;
	buffer_free(&known->text);
	free(known);
}

/* Who may write to the file says whom one trusts. */
static int check_writers(const char *path)
{
	struct stat status;
	if (stat(path, &status) != 0)
		return errno == ENOENT ? TCHAT_ERR_NOT_FOUND : TCHAT_ERR_SYSTEM;
	return status.st_uid != geteuid() || (status.st_mode & 022) != 0 ? TCHAT_ERR_PERMISSION : 0;
}

static int load(struct known_hosts *known)
{
	if (known->path[0] == '\0')
		return 0;
	buffer_free(&known->text);
	int err = check_writers(known->path);
	if (err == 0)
		err = file_read(known->path, KNOWN_HOSTS_MAXIMUM, &known->text);
	return err == TCHAT_ERR_NOT_FOUND ? 0 : err;
}

int known_hosts_test(struct known_hosts *known)
{
	return load(known);
}

/* Reads the file with others kept from writing to it. A descriptor to close that ends this; -1: there is no file. */
static int load_locked(struct known_hosts *known, int *lock)
{
	*lock = -1;
	if (known->path[0] == '\0')
		return 0;
	int fd = file_lock(known->path);
	if (fd < 0)
		return fd;
	int err = load(known);
	if (err == 0)
		*lock = fd;
	else
		close(fd);
	return err;
}

static void unlock(int lock)
{
	int number = errno;
	if (lock >= 0)
		close(lock);
	errno = number;
}

static const char *text_of(const struct buffer *text)
{
	return buffer_length(text) == 0 ? "" : (const char *)buffer_data(text);
}

/* What is to become of the lines. */
struct edit {
	const char *name;      /* to be added to the line of pin, or, without pin, to be taken from all */
	const uint8_t *pin;
	const uint8_t *former; /* its lines become those of pin */
	bool named;            /* the name has its place */
};

static int put_pin(struct buffer *to, const uint8_t *pin)
{
	char text[PIN_TEXT + 1];
	base64url_write(pin, ADDRESS_PIN_SIZE, text);
	return buffer_put_string(to, text);
}

static int put_key(struct buffer *to, const uint8_t *pin, const char *names, size_t length)
{
	int err = put_pin(to, pin);
	if (err == 0)
		err = buffer_put(to, " ", 1);
	return err != 0 ? err : buffer_put(to, names, length);
}

/* A line of the key that the edit is about: the name comes behind its others, unless it has its place. */
static int put_named(struct buffer *to, struct edit *edit, const struct line *line)
{
	bool add = !edit->named && !line_has_name(line, edit->name);
	const char *rest = line->names + line->names_length;
	edit->named = true;
	int err = put_key(to, edit->pin, line->names, line->names_length);
	if (err == 0 && add)
		err = buffer_put(to, ",", 1);
	if (err == 0 && add)
		err = buffer_put_string(to, edit->name);
	if (err == 0)
		err = buffer_put(to, rest, (size_t)(line->start + line->length - rest));
	return err != 0 ? err : buffer_put(to, "\n", 1);
}

/* The line without the name; nothing, when it has no other. */
static int put_without(struct buffer *to, const char *name, const struct line *line)
{
	const char *one = NULL, *rest = line->names + line->names_length;
	size_t length = 0, kept = 0, before = buffer_length(to);
	int err = put_key(to, line->pin, "", 0);
	while (err == 0 && next_name(line, &one, &length)) {
		if (length == 0 || (length == strlen(name) && memcmp(one, name, length) == 0))
			continue;
		if (kept++ > 0)
			err = buffer_put(to, ",", 1);
		if (err == 0)
			err = buffer_put(to, one, length);
	}
	if (err == 0 && kept == 0) {
		buffer_truncate(to, before);
		return 0;
	}
	if (err == 0)
		err = buffer_put(to, rest, (size_t)(line->start + line->length - rest));
	return err != 0 ? err : buffer_put(to, "\n", 1);
}

static int put_line(struct buffer *to, struct edit *edit, const struct line *line)
{
	bool ours = line_has_pin(line, edit->pin) && !edit->named;
	if (ours || line_has_pin(line, edit->former))
		return put_named(to, edit, line);
	if (edit->pin == NULL && line_has_name(line, edit->name))
		return put_without(to, edit->name, line);
	int err = buffer_put(to, line->start, line->length);
	return err != 0 ? err : buffer_put(to, "\n", 1);
}

static int apply(struct known_hosts *known, struct edit *edit)
{
	struct buffer fresh;
	struct line line;
	const char *at = text_of(&known->text), *end = at + buffer_length(&known->text);
	int err = 0;
	buffer_init(&fresh, HELD_MAXIMUM);
	while (err == 0 && next_line(&line, &at, end))
		err = put_line(&fresh, edit, &line);
	if (err == 0 && edit->pin != NULL && !edit->named)
		err = put_key(&fresh, edit->pin, edit->name, strlen(edit->name));
	if (err == 0 && edit->pin != NULL && !edit->named)
		err = buffer_put(&fresh, "\n", 1);
	if (err == 0 && buffer_length(&fresh) > KNOWN_HOSTS_MAXIMUM)
		err = TCHAT_ERR_FULL;
	if (err == 0 && known->path[0] != '\0')
		err = file_replace(known->path, text_of(&fresh), buffer_length(&fresh));
	if (err != 0) {
		buffer_free(&fresh);
		return err;
	}
	buffer_free(&known->text);
	known->text = fresh;
	return 0;
}

/* What the lines say of a name and of keys. */
struct finding {
	bool pin, former, name;     /* on some line */
	bool name_pin, name_former; /* on one together */
};

static struct finding find(const struct known_hosts *known, const char *name, const uint8_t *pin, const uint8_t *former)
{
	struct finding found = { 0 };
	struct line line;
	const char *at = text_of(&known->text), *end = at + buffer_length(&known->text);
	while (next_line(&line, &at, end)) {
		bool named = line_has_name(&line, name), of_pin = line_has_pin(&line, pin);
		bool of_former = line_has_pin(&line, former);
		found.pin |= of_pin;
		found.former |= of_former;
		found.name |= named;
		found.name_pin |= named && of_pin;
		found.name_former |= named && of_former;
	}
	return found;
}

static enum known_answer judge(const struct finding *found)
{
	if (found->name_pin || found->name_former)
		return KNOWN_YES;
	if (found->name)
		return KNOWN_CHANGED;
	return found->pin || found->former ? KNOWN_YES : KNOWN_NEW;
}

/* Writes what a check found out. The answer holds without it, so a failure is none. */
static void learn(struct known_hosts *known, const char *name, const uint8_t *pin, const uint8_t *former)
{
	int lock;
	if (!is_name(name) || load_locked(known, &lock) != 0)
		return;
	struct finding found = find(known, name, pin, former);
	struct edit edit = { .name = name, .pin = pin, .former = former, .named = found.name };
	if (judge(&found) == KNOWN_YES)
		(void)apply(known, &edit);
	unlock(lock);
}

int known_hosts_check(struct known_hosts *known, const char *name, const uint8_t pin[ADDRESS_PIN_SIZE],
                      const uint8_t former[ADDRESS_PIN_SIZE])
{
	int err = load(known);
	if (err != 0)
		return err;
	struct finding found = find(known, name, pin, former);
	enum known_answer answer = judge(&found);
	if (answer == KNOWN_YES && (!found.name_pin || found.former))
		learn(known, name, pin, former);
	return answer;
}

int known_hosts_add(struct known_hosts *known, const char *name, const uint8_t pin[ADDRESS_PIN_SIZE])
{
	int lock;
	if (!is_name(name))
		return TCHAT_ERR_ARGUMENT;
	int err = load_locked(known, &lock);
	if (err != 0)
		return err;
	struct finding found = find(known, name, pin, NULL);
	struct edit edit = { .name = name, .pin = pin };
	if (!found.name)
		err = apply(known, &edit);
	else if (!found.name_pin)
		err = TCHAT_ERR_HOST_CHANGED;
	unlock(lock);
	return err;
}

int known_hosts_forget(struct known_hosts *known, const char *name)
{
	int lock;
	int err = load_locked(known, &lock);
	if (err != 0)
		return err;
	struct edit edit = { .name = name };
	err = find(known, name, NULL, NULL).name ? apply(known, &edit) : TCHAT_ERR_NOT_FOUND;
	unlock(lock);
	return err;
}

bool known_hosts_pin(struct known_hosts *known, const char *name, uint8_t pin[ADDRESS_PIN_SIZE])
{
	struct line line;
	bool found = false;
	if (load(known) != 0)
		return false;
	const char *at = text_of(&known->text), *end = at + buffer_length(&known->text);
	while (next_line(&line, &at, end)) {
		if (!line_has_name(&line, name))
			continue;
		if (found && memcmp(pin, line.pin, ADDRESS_PIN_SIZE) != 0)
			return false;
		memcpy(pin, line.pin, ADDRESS_PIN_SIZE);
		found = true;
	}
	return found;
}

unsigned known_hosts_line(struct known_hosts *known, const char *name)
{
	struct line line;
	unsigned number = 0;
	if (load(known) != 0)
		return 0;
	const char *at = text_of(&known->text), *end = at + buffer_length(&known->text);
	while (next_line(&line, &at, end)) {
		number++;
		if (line_has_name(&line, name))
			return number;
	}
	return 0;
}

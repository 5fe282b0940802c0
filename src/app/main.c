/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tchat: reads the command line and starts what it asks for. */
#include "app/config.h"
#include "app/dump.h"
#include "app/exit_status.h"
#include "app/fingerprint.h"
#include "app/history.h"
#include "app/options.h"
#include "app/own_host.h"
#include "app/secret.h"
#include "app/service.h"
#include "app/start.h"
#include "app/talk.h"
#include "base/errors.h"
#include "base/intl.h"
#include "base/wipe.h"
#include "system/secrecy.h"
#include "ui/charset.h"
#include "ui/term_curses.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Whether the terminal can show a full screen: 0, then options->face may be lines instead; or an exit status. Found out
 * before a host is started. */
static int check_screen(struct options *options)
{
	const char *why;
	if (options->face != FACE_SCREEN)
		return 0;
	int err = term_curses_check(&why);
	if (err == 0)
		return 0;
	if (err != TCHAT_ERR_UNREACHABLE) {
		say("%s", why);
		return EXIT_STATUS_SYSTEM;
	}
	say(_("%s; this is line mode: /help lists the commands, /quit leaves"), why);
	options->face = FACE_LINES;
	options->commands = true;
	return 0;
}

/* Shows the talk in the face that was asked for; without a terminal that is lines. */
static int run_face(const struct options *options, struct talk_place *place)
{
	switch (options->face) {
	case FACE_JSON:
		return face_json(options, place);
	case FACE_LINES:
		return face_lines(options, place);
	default:
		return face_screen(options, place);
	}
}

static int run_host(struct options *options)
{
	struct talk_place place;
	if (options->face == FACE_SCREEN && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		options->face = FACE_NONE;
	if (options->face == FACE_NONE)
		return service_run(&(struct service_config){ .options = options, .report = -1 });
	int status = check_screen(options);
	if (status != 0)
		return status;
	status = own_host_start(options, &place);
	if (status == 0 && place.note != NULL && options->face != FACE_SCREEN)
		say("%s", place.note);
	if (status == 0)
		status = run_face(options, &place);
	own_host_forget(&place);
	return status;
}

/* The address to join: typed, or read from standard input where that is a -. 0 or an exit status. */
static int find_target(struct options *options, struct address *address)
{
	char line[ADDRESS_LINK], text[512];
	bool read = strcmp(options->target, "-") == 0;
	int status = read ? secret_read(line, sizeof line) : 0;
	if (status != 0)
		return status;
	const char *typed = read ? line : options->target;
	int err = address_parse(address, typed, ADDRESS_JOIN);
	if (err != 0) {
		address_explain(err, typed, text, sizeof text);
		say("%s", text);
	} else if (options->insecure && address->has_pin) {
		say("%s", _("--insecure knows no keys and no invitations: use the link without it, or the address alone"));
		err = ADDRESS_BAD_LINK;
	}
	wipe(line, sizeof line);
	options->target = NULL;
	options_forget(options);
	return err == 0 ? 0 : EXIT_STATUS_USAGE;
}

static int run_target(struct options *options)
{
	struct talk_place place = { 0 };
	int status = find_target(options, &place.address);
	if (status != 0)
		return status;
	if (options->mode == MODE_PING)
		return mode_ping(options, &place);
	if (options->face == FACE_SCREEN && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		options->face = FACE_LINES;
	status = check_screen(options);
	if (status == 0)
		status = run_face(options, &place);
	wipe(&place, sizeof place);
	return status;
}

static int run(struct options *options)
{
	switch (options->mode) {
	case MODE_HOST:
		return run_host(options);
	case MODE_JOIN:
	case MODE_PING:
		return run_target(options);
	case MODE_DUMP:
		return mode_dump(STDIN_FILENO, stdout);
	case MODE_CHECK:
		return mode_check_history(options);
	case MODE_EXPORT:
		return mode_export(options);
	case MODE_FINGERPRINT:
		return mode_fingerprint(options);
	case MODE_ROTATE_KEY:
		return mode_rotate_key(options);
	case MODE_VERSION:
		options_print_version();
		break;
	default:
		options_print_help();
	}
	/* A full disk or a closed pipe must not pass for success. */
	return fflush(stdout) == 0 ? EXIT_STATUS_OK : EXIT_STATUS_SYSTEM;
}

/* Reads tchatrc. What is wrong in it is told, and stops nothing. */
static struct config *read_config(struct options *options)
{
	struct config *config = config_new(options, NULL);
	if (config == NULL)
		return NULL;
	config_load(config);
	for (size_t i = 0; config_problem(config, i) != NULL; i++)
		say("%s", config_problem(config, i));
	return config;
}

int main(int argc, char **argv)
{
	struct options options;
	secrecy_start();
	charset_start();
#ifdef ENABLE_NLS
	bindtextdomain(PACKAGE, LOCALEDIR);
	textdomain(PACKAGE);
#endif
	int status = options_parse(&options, argc, argv);
	if (status != 0)
		return status;
	struct config *config = options.mode < MODE_DUMP ? read_config(&options) : NULL;
	if (options.mode == MODE_START)
		status = start_choose(&options);
	if (status == 0)
		status = run(&options);
	config_free(config);
	return status > 0 ? status : 0;
}

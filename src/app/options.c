/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command line: one table (options.def) for getopt_long() and --help. */
#include "app/options.h"

#include "app/exit_status.h"
#include "app/settings.h"
#include "base/intl.h"
#include "base/text.h"
#include "base/wipe.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTION_BASE = 256 };

enum option_symbol {
	OPTION_FIRST = OPTION_BASE - 1,
#define SECTION(title)
#define OPTION(symbol, name, letter, argument, help) OPTION_##symbol,
#define SETTING(symbol, member, name, letter, scope, type, argument, standard, help) OPTION_##symbol,
#include "app/options.def"
#undef SETTING
#undef OPTION
#undef SECTION
};

/* A name of NULL: a section. A setting of -1: none. */
static const struct option_row {
	const char *name;
	int letter;
	const char *argument; /* NULL: none */
	const char *help;
	int setting;
} rows[] = {
#define SECTION(title) { NULL, 0, NULL, title, -1 },
#define OPTION(symbol, name, letter, argument, help) { name, letter, argument, help, -1 },
#define SETTING(symbol, member, name, letter, scope, type, argument, standard, help) \
	{ name, letter, argument, help, SETTING_##symbol },
#include "app/options.def"
#undef SETTING
#undef OPTION
#undef SECTION
};

enum { ROW_COUNT = sizeof rows / sizeof rows[0] };

/* False for a section, and for a setting that is none of the command line's. */
static bool is_option(const struct option_row *row)
{
	return row->name != NULL &&
	       (row->setting < 0 || setting_row((enum setting)row->setting)->scope != SCOPE_SCREEN);
}

bool options_no_colour(void)
{
	const char *value = getenv("NO_COLOR");
	return value != NULL && value[0] != '\0';
}

bool options_is_name(const char *name, size_t length)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_option(&rows[i]) && strlen(rows[i].name) == length && memcmp(rows[i].name, name, length) == 0)
			return true;
	return false;
}

void say(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	fputs("tchat: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* An option as --help shows it: its width in columns. */
static int help_left(const struct option_row *row, char *left, size_t size)
{
	char letter[8] = "    ";
	if (row->letter != 0)
		snprintf(letter, sizeof letter, "-%c, ", row->letter);
	snprintf(left, size, "  %s--%s%s%s", letter, row->name, row->argument != NULL ? "=" : "",
	         row->argument != NULL ? _(row->argument) : "");
	return (int)text_width(left, strlen(left));
}

/* Where the words of a section's options begin, which is behind the longest of them. */
static int help_column(size_t row)
{
	char left[64];
	int column = 25;
	for (; row < ROW_COUNT && rows[row].name != NULL; row++)
		if (is_option(&rows[row])) {
			int width = help_left(&rows[row], left, sizeof left);
			column = width < column ? column : width + 1;
		}
	return column;
}

void options_print_help(void)
{
	int column = 25;
	printf(_("Usage: tchat [OPTION]... [ADDRESS]\n"
	         "Chat in the terminal: open a host, or join one.\n"
	         "ADDRESS alone is short for --join.\n"));
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].name == NULL) {
			printf("\n%s:\n", _(rows[i].help));
			column = help_column(i + 1);
			continue;
		}
		if (!is_option(&rows[i]))
			continue;
		char left[64];
		int width = help_left(&rows[i], left, sizeof left);
		printf("%s%*s%s\n", left, column - width, "", _(rows[i].help));
	}
	printf(_("\n"
	         "An ADDRESS is HOST, HOST:PORT, [IPV6]:PORT, unix:/path, or a tchat:// link; for\n"
	         "--host a PORT alone will do. The default port is 50000.\n"
	         "Examples: tchat --host 50000\n"
	         "          tchat --join localhost:50000\n"));
}

void options_print_version(void)
{
	printf("tchat %s\n", PACKAGE_VERSION);
	printf(_("License GPLv3+: GNU GPL version 3 or later <https://gnu.org/licenses/gpl.html>.\n"
	         "This is free software: you are free to change and redistribute it.\n"
	         "There is NO WARRANTY, to the extent permitted by law.\n"));
}

/* One of --host, --join, --ping, --dump and so on, --help, --version; --help and --version win over the others. */
static bool set_mode(struct options *options, enum options_mode mode)
{
	if (options->mode >= MODE_HELP && mode < MODE_HELP)
		return true;
	if (options->mode != MODE_START && options->mode != mode && mode < MODE_HELP) {
		say(_("only one of --host, --join, --ping, --dump, --check-history, --export, --fingerprint and --rotate-key "
		      "at a time"));
		return false;
	}
	options->mode = mode;
	return true;
}

static bool set_target(struct options *options, enum options_mode mode, const char *address)
{
	if (!set_mode(options, mode))
		return false;
	if (options->target != NULL && options->mode < MODE_HELP) {
		/* What is behind a # may be a secret. */
		say(_("one address to join, not two: '%1$.*2$s' and '%3$.*4$s'"), options->target,
		    (int)strcspn(options->target, "#"), address, (int)strcspn(address, "#"));
		return false;
	}
	options->target = address;
	return true;
}

static bool set_face(struct options *options, enum options_face face)
{
	if (options->face != FACE_SCREEN && options->face != face) {
		say(_("only one of --lines, --json and --headless at a time"));
		return false;
	}
	options->face = face;
	return true;
}

/* The seq of a message: digits, and not 0. */
static bool set_since(struct options *options, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	options->since = strtoull(value, NULL, 10);
	if (digits > 0 && digits < 20 && value[digits] == '\0' && options->since > 0)
		return true;
	say(_("--since: '%s' is not the number of a message"), value);
	return false;
}

static bool set_option(struct options *options, int symbol, const char *value)
{
	switch (symbol) {
	case OPTION_HOST:
		if (options->host_count == OPTIONS_HOSTS) {
			say(_("--host: at most %d addresses"), OPTIONS_HOSTS);
			return false;
		}
		options->hosts[options->host_count++] = value;
		return set_mode(options, MODE_HOST);
	case OPTION_JOIN: return set_target(options, MODE_JOIN, value);
	case OPTION_PING: return set_target(options, MODE_PING, value);
	case OPTION_DUMP: return set_mode(options, MODE_DUMP);
	case OPTION_CHECK_HISTORY: return set_target(options, MODE_CHECK, value);
	case OPTION_EXPORT: return set_target(options, MODE_EXPORT, value);
	case OPTION_FINGERPRINT: return set_mode(options, MODE_FINGERPRINT);
	case OPTION_ROTATE_KEY: return set_mode(options, MODE_ROTATE_KEY);
	case OPTION_HELP: return set_mode(options, MODE_HELP);
	case OPTION_VERSION: return set_mode(options, MODE_VERSION);
	case OPTION_LINES: return set_face(options, FACE_LINES);
	case OPTION_JSON: return set_face(options, FACE_JSON);
	case OPTION_HEADLESS: return set_face(options, FACE_NONE);
	case OPTION_COMMANDS: options->commands = true; return true;
	case OPTION_STAY: options->stay = true; return true;
	case OPTION_SINCE: return set_since(options, value);
	case OPTION_VERBOSE: options->verbose = true; return true;
	case OPTION_NO_SANDBOX: options->no_sandbox = true; return true;
	case OPTION_INSECURE: options->insecure = true; return true;
	case OPTION_DATA: options->data = value; return true;
	case OPTION_DURABILITY:
		if (keep_read_durability(&options->durability, value))
			return true;
		say(_("--durability: '%s' is not one of: full process none"), value);
		return false;
	default: return false;
	}
}

/* A setting on the command line; false after a line on stderr. */
static bool set_setting(struct options *options, enum setting setting, const char *value)
{
	char reason[SETTING_REASON];
	options->source[setting] = FROM_COMMAND_LINE;
	if (setting_parse(options, setting, value, reason) == 0)
		return true;
	say("--%s: %s", setting_row(setting)->name, reason);
	return false;
}

/* What was asked for must make sense together. */
static bool check_options(const struct options *options)
{
	if (options->mode >= MODE_HELP)
		return true;
	if (options->face == FACE_NONE && options->mode != MODE_HOST) {
		say(_("--headless needs --host: what should it open?"));
		return false;
	}
	if (options->face != FACE_SCREEN && options->mode != MODE_HOST && options->mode != MODE_JOIN) {
		say(_("--lines and --json need --join or --host: where should it talk?"));
		return false;
	}
	bool keep = options->source[SETTING_KEEP] == FROM_COMMAND_LINE;
	bool nothing = options->durability == KEEP_NONE;
	bool keys = options->mode == MODE_FINGERPRINT || options->mode == MODE_ROTATE_KEY;
	if (options->data != NULL && keys && options->durability == KEEP_FULL && !keep)
		return true;
	if ((options->data != NULL || options->durability != KEEP_FULL || keep) && options->mode != MODE_HOST) {
		say(_("--data, --durability and --keep need --host: whose history is it?"));
		return false;
	}
	if (nothing && keep) {
		say(_("--keep does not go with --durability=none, which keeps nothing"));
		return false;
	}
	return true;
}

/* Fills the short options' string and the long options' array from the rows. */
static void make_tables(char *letters, struct option *longs)
{
	size_t at = 0, count = 0;
	int symbol = OPTION_BASE;
	letters[at++] = ':';
	for (size_t i = 0; i < ROW_COUNT; i++) {
		if (rows[i].name == NULL)
			continue;
		int row_symbol = symbol++;
		if (!is_option(&rows[i]))
			continue;
		if (rows[i].letter != 0) {
			letters[at++] = (char)rows[i].letter;
			if (rows[i].argument != NULL)
				letters[at++] = ':';
		}
		longs[count++] = (struct option){ rows[i].name, rows[i].argument != NULL, NULL, row_symbol };
	}
	letters[at] = '\0';
	longs[count] = (struct option){ 0 };
}

/* The row that getopt found, by its letter or its symbol; *symbol gets the latter. */
static const struct option_row *row_found(int *symbol)
{
	int at = OPTION_BASE;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (rows[i].name != NULL) {
			if (*symbol < OPTION_BASE ? rows[i].letter == *symbol : at == *symbol) {
				*symbol = at;
				return &rows[i];
			}
			at++;
		}
	return NULL;
}

/* The long option that a mistyped one may have meant, or NULL. */
static const char *nearest_option(const char *typed)
{
	const char *best = NULL;
	unsigned best_distance = TEXT_NEAR;
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (is_option(&rows[i]) &&
		    text_is_meant(typed, strlen(typed), rows[i].name, strlen(rows[i].name), &best_distance))
			best = rows[i].name;
	return best;
}

/* Overwrites each argument that may hold an invitation, and goes on with a copy. What is long behind its # may be one, even
 * where the rest is mistyped. */
static void hide_secrets(struct options *options, int argc, char **argv)
{
	enum { SHORTEST = 20 };
	size_t count = 0;
	for (int i = 1; i < argc; i++) {
		const char *at = strchr(argv[i], '#');
		if (at == NULL || strlen(at) <= SHORTEST)
			continue;
		char *copy = count < OPTIONS_SECRETS ? strdup(argv[i]) : NULL;
		memset(argv[i], 'x', strlen(argv[i]));
		if (copy != NULL)
			options->secrets[count++] = argv[i] = copy;
	}
}

void options_forget(struct options *options)
{
	for (size_t i = 0; i < OPTIONS_SECRETS; i++) {
		if (options->secrets[i] != NULL)
			wipe(options->secrets[i], strlen(options->secrets[i]));
		free(options->secrets[i]);
		options->secrets[i] = NULL;
	}
}

static void say_unknown(const char *word)
{
	const char *name = strncmp(word, "--", 2) == 0 ? word + 2 : "";
	char typed[32];
	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(name, "="), name);
	const char *meant = typed[0] != '\0' ? nearest_option(typed) : NULL;
	if (meant != NULL)
		say(_("unknown option '%.*s'; did you mean --%s?"), (int)strcspn(word, "#"), word, meant);
	else
		say(_("unknown option '%.*s'; see tchat --help"), (int)strcspn(word, "#"), word);
}

int options_parse(struct options *options, int argc, char **argv)
{
	char letters[2 * ROW_COUNT + 2];
	struct option longs[ROW_COUNT + 1];
	make_tables(letters, longs);
	*options = (struct options){ .mode = MODE_START };
	settings_init(options);
	hide_secrets(options, argc, argv);
	opterr = 0;
	for (;;) {
		int at = optind == 0 ? 1 : optind;
		int found = getopt_long(argc, argv, letters, longs, NULL);
		if (found == -1)
			break;
		if (found == ':') {
			say(_("option '%s' needs an argument; see tchat --help"), argv[optind - 1]);
			return EXIT_STATUS_USAGE;
		}
		if (found == '?') {
			say_unknown(argv[optind > at ? optind - 1 : at]);
			return EXIT_STATUS_USAGE;
		}
		const struct option_row *row = row_found(&found);
		if (row == NULL || !(row->setting >= 0 ? set_setting(options, (enum setting)row->setting, optarg) :
		                                         set_option(options, found, optarg)))
			return EXIT_STATUS_USAGE;
	}
	for (; optind < argc; optind++)
		if (!set_target(options, options->mode == MODE_PING ? MODE_PING : MODE_JOIN, argv[optind]))
			return EXIT_STATUS_USAGE;
	return check_options(options) ? 0 : EXIT_STATUS_USAGE;
}

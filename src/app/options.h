/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options and settings as a struct. */
#ifndef TCHAT_APP_OPTIONS_H
#define TCHAT_APP_OPTIONS_H

#include "app/keep.h"
#include "base/clock.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct config;

enum { OPTIONS_HOSTS = 16, OPTIONS_SECRETS = 4 };

enum options_mode { MODE_START, MODE_HOST, MODE_JOIN, MODE_PING, MODE_DUMP, MODE_CHECK, MODE_EXPORT, MODE_FINGERPRINT, MODE_ROTATE_KEY,
                    MODE_HELP, MODE_VERSION };
enum options_trust { TRUST_ASK, TRUST_NEW, TRUST_PINNED };
enum options_access { ACCESS_ASK, ACCESS_INVITE, ACCESS_OPEN };
enum options_face { FACE_SCREEN, FACE_LINES, FACE_JSON, FACE_NONE };

enum setting {
#define SECTION(title)
#define OPTION(symbol, name, letter, argument, help)
#define SETTING(symbol, member, name, letter, scope, type, argument, standard, help) SETTING_##symbol,
#include "app/options.def"
#undef SETTING
#undef OPTION
#undef SECTION
	SETTINGS
};

/* Where a setting's value comes from; what comes later here wins. */
enum options_source { FROM_DEFAULT, FROM_FILE, FROM_COMMAND_LINE, FROM_USER };

/* Strings point into argv, or belong to the config. Numbers without a value are -1, strings NULL. */
struct options {
	enum options_mode mode;
	enum options_face face;
	const char *hosts[OPTIONS_HOSTS]; /* the addresses of --host */
	size_t host_count;
	const char *target; /* the address of --join or --ping, the folder of --check-history or --export */
	char *secrets[OPTIONS_SECRETS]; /* copies of arguments that hold an invitation; ps shows them no more */
	uint64_t since;     /* the first message wanted of the first room; 0: as history says */
	bool commands;
	bool stay;
	bool verbose;
	bool insecure;      /* not encrypted */
	bool no_sandbox;
	const char *data; /* NULL: the usual place */
	enum keep_durability durability;

	/* The settings. */
	struct keep keep;
	const char *nick;
	const char *room;
	const char *motd;
	long history;       /* -1: the face's default */
	long backlog;
	const char *log;    /* NULL: stderr, or the journal behind it */
	long log_level;     /* enum log_level */
	long clients;       /* -1: what the system allows */
	tchat_time auth_time;
	long strangers, strangers_per_address, connect_rate, connect_burst, clients_per_user, clients_per_address,
	     message_rate, message_burst, message_size, frame_size, queue, queue_total,
	     rooms, room_members, rooms_per_user, rooms_made, users,
	     knocks, knocks_per_address, invitations, rules, nick_length, room_length, topic_length;
	long trust;         /* enum options_trust; -1: the face's default */
	long access;        /* enum options_access; -1: the face's default */
	long history_access; /* enum host_history_access; -1: joined where the door is open */
	long count;
	tchat_time linger;  /* TCHAT_NEVER: for ever */
	tchat_time interval;
	long theme;         /* enum theme */
	long rooms_pane, members_pane; /* enum screen_side */
	long input_rows;
	long ask_lines;
	bool clock, mouse, bell, notify, title, clipboard;
	bool input_history, drafts;
	unsigned char source[SETTINGS]; /* enum options_source */
	struct config *config; /* keeps the settings; NULL: nothing does */
};

/* Whether NO_COLOR is set, and not empty. */
bool options_no_colour(void);

/* Reads the command line. 0; or an enum exit_status after a line on stderr that says what is wrong. */
int options_parse(struct options *options, int argc, char **argv);

/* Forgets what held an invitation; nothing may point to it any more. */
void options_forget(struct options *options);

/* True for the name of a long option. */
bool options_is_name(const char *name, size_t length);

/* What --help and --version print, on stdout. */
void options_print_help(void);
void options_print_version(void);

/* One line on stderr: "tchat: " and the text as printf() makes it. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A host and people on terminals of their own, for tests of the real program: everything lives in a temporary folder
 * and on loopback, at ports that the system chooses. */
#ifndef TCHAT_TESTS_SCENE_H
#define TCHAT_TESTS_SCENE_H

#include "pty.h"

#include <stdio.h>

/* A cmocka setup and teardown: an empty folder; everything is gone. */
int scene_open(void **state);
int scene_close(void **state);
#define SCENE(test) cmocka_unit_test_setup_teardown(test, scene_open, scene_close)

/* Starts tchat with these arguments (NULL-ended, after the program's name), and variables on top of the scene's. It ends
 * with the scene at the latest. */
struct pty *scene_start(int rows, int columns, const char *const arguments[], const char *const environment[]);

/* Variables for scene_start() that make an account of this name with an empty home. NULL-ended; valid until the next call. */
const char *const *scene_stranger(const char *name);

/* Opens a host with its owner's screen, open to everybody; waits until the owner is in the lobby. */
struct pty *scene_host(int rows, int columns, const char *nick);

/* Joins it at an address of scene_address() and waits until the lobby is there: by the host's own socket as its owner, else
 * as somebody with an account of that nick's own. */
struct pty *scene_join(int rows, int columns, const char *where, const char *nick);

/* The host's addresses: "4" IPv4, "6" IPv6 (IPv4 where the system has none), "unix". Valid until the next call. */
const char *scene_address(const char *kind);

/* Types a line and Enter. */
void scene_say(struct pty *pty, const char *line);

/* Ends a program that has to end by itself with this exit status, and its terminal has to be as it was before. */
void scene_ended(struct pty *pty, int status);

/* Somebody in line mode, whose standard input is the stream; commands work. Close with pclose(), which waits until all
 * is sent and returns 0. */
FILE *scene_bot(const char *nick);

/* The same in JSON mode. */
FILE *scene_json(const char *nick);

/* The path of what is below the scene's folder; to be freed. */
char *scene_path(const char *below);

/* Writes a file in the scene's folder: "inputrc", "config/tchat/tchatrc"; its folder exists. */
void scene_write(const char *name, const char *text);

/* Waits until a file in the scene's folder contains text. */
void scene_wait_file(const char *name, const char *text);

/* Waits until the host is gone. */
void scene_wait_host_end(void);

#endif

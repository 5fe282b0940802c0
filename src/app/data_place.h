/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where a host keeps its history when --data does not say it. */
#ifndef TCHAT_APP_DATA_PLACE_H
#define TCHAT_APP_DATA_PLACE_H

#include "base/paths.h"

enum { DATA_PLACE_NAME = 256 };

/* The name of the folder for a host that listens on the address, as typed behind --host: a plain file name, the same
 * for all ways to write the address. "" for port 0, as that host has another address each time, and for what is no
 * address. */
void data_place_name(const char *typed, char name[DATA_PLACE_NAME]);

/* Writes its path below $XDG_STATE_HOME/tchat/hosts, and makes that with the folders above it; "" when it has no name.
 * 0, TCHAT_ERR_TOO_LONG, or as paths_make(): then path is what could not be made. */
int data_place(const char *typed, char path[PATHS_MAX]);

#endif

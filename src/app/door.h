/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a face remembers of a host's door: who waits there, and the invitations that were asked for or listed. */
#ifndef TCHAT_APP_DOOR_H
#define TCHAT_APP_DOOR_H

#include "client/event.h"
#include "trust/trust.h"

#include <stdbool.h>
#include <stddef.h>

enum { DOOR_GUESTS = 64, DOOR_ASKED = 8, DOOR_LISTED = 64, DOOR_NAME = 65, DOOR_REF = 256 };

/* Somebody who knocks. Nick and address are as they came. */
struct door_guest {
	struct trust_pin pin;
	char nick[DOOR_NAME];
	char address[DOOR_NAME];
	bool left;  /* went away; may be admitted all the same */
	bool refused; /* sent away; by name only, an owner may change his mind */
	bool later; /* for the face: the question was put and has its answer, or none yet */
};

/* An invitation whose answer is awaited. */
struct door_asked {
	enum wire_invite_kind kind;
	uint8_t key[TRUST_PUBLIC_SIZE];
	uint8_t token[TRUST_TOKEN_SIZE];
	char room[DOOR_NAME];
	char ref[DOOR_REF]; /* of a program's request */
};

struct door {
	struct door_guest guests[DOOR_GUESTS]; /* the oldest first */
	size_t guest_count;
	struct door_asked asked[DOOR_ASKED];
	size_t asked_count;
	uint8_t listed[DOOR_LISTED][WIRE_PIN_SIZE]; /* numbered from 1 for the user: of /invite list or /keys */
	size_t listed_count;
};

/* Takes a DOOR event. */
void door_event(struct door *door, const struct session_event *event);

/* Who is meant by a nick or the words of a key ("": everybody who was not refused): how many fit, be it of those who were
 * refused when there are no others; *guest is one of them. */
size_t door_find(const struct door *door, const char *name, const struct door_guest **guest);

/* A new invitation: its token is made and kept until the answer. NULL: too many are asked for, or the system fails. */
struct door_asked *door_ask(struct door *door, enum wire_invite_kind kind, const char *room);

/* Takes the invitation that an answer is about; false: there is none. Who holds it wipes it. */
bool door_take(struct door *door, const uint8_t *key, struct door_asked *asked);

/* Adds to the numbered list. Its number, 0: it is full. */
size_t door_list(struct door *door, const uint8_t *key);

/* Forgets all secrets. */
void door_wipe(struct door *door);

#endif

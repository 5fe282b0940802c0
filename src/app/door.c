/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small arrays, searched: a door has few people, and a host lets 64 wait. */
#include "app/door.h"

#include "base/wipe.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static struct door_guest *find_pin(struct door *door, const uint8_t *pin)
{
	for (size_t i = 0; i < door->guest_count; i++)
		if (memcmp(door->guests[i].pin.bytes, pin, TRUST_PIN_SIZE) == 0)
			return &door->guests[i];
	return NULL;
}

static void guest_gone(struct door *door, struct door_guest *guest)
{
	size_t index = (size_t)(guest - door->guests);
	door->guest_count--;
	memmove(guest, guest + 1, (door->guest_count - index) * sizeof *guest);
}

void door_event(struct door *door, const struct session_event *event)
{
	struct door_guest *guest = find_pin(door, event->keys);
	if (event->kind == DOOR_ADMITTED && guest != NULL)
		guest_gone(door, guest);
	else if (event->kind == DOOR_REFUSED && guest != NULL)
		guest->refused = guest->later = true;
	if (event->kind == DOOR_ADMITTED || event->kind == DOOR_REFUSED)
		return;
	if (guest != NULL)
		guest_gone(door, guest);
	else if (door->guest_count == DOOR_GUESTS)
		guest_gone(door, &door->guests[0]);
	guest = &door->guests[door->guest_count++];
	*guest = (struct door_guest){ .left = event->kind == DOOR_LEFT };
	memcpy(guest->pin.bytes, event->keys, TRUST_PIN_SIZE);
	snprintf(guest->nick, sizeof guest->nick, "%s", event->nick);
	snprintf(guest->address, sizeof guest->address, "%s", event->text);
}

static bool is_meant(const struct door_guest *guest, const char *name)
{
	char words[TRUST_WORDS];
	trust_words(&guest->pin, words);
	return name[0] == '\0' || strcasecmp(words, name) == 0 || strcasecmp(guest->nick, name) == 0;
}

static size_t find(const struct door *door, const char *name, bool refused, const struct door_guest **guest)
{
	size_t found = 0;
	for (size_t i = 0; i < door->guest_count; i++)
		if (door->guests[i].refused == refused && is_meant(&door->guests[i], name)) {
			*guest = &door->guests[i];
			found++;
		}
	return found;
}

size_t door_find(const struct door *door, const char *name, const struct door_guest **guest)
{
	size_t found = find(door, name, false, guest);
	return found > 0 || name[0] == '\0' ? found : find(door, name, true, guest);
}

struct door_asked *door_ask(struct door *door, enum wire_invite_kind kind, const char *room)
{
	if (door->asked_count == DOOR_ASKED)
		return NULL;
	struct door_asked *asked = &door->asked[door->asked_count];
	*asked = (struct door_asked){ .kind = kind };
	if (trust_token_new(asked->token) != 0 || trust_token_public(asked->token, asked->key) != 0)
		return NULL;
	snprintf(asked->room, sizeof asked->room, "%s", room);
	door->asked_count++;
	return asked;
}

bool door_take(struct door *door, const uint8_t *key, struct door_asked *asked)
{
	for (size_t i = 0; i < door->asked_count; i++) {
		if (memcmp(door->asked[i].key, key, sizeof door->asked[i].key) != 0)
			continue;
		*asked = door->asked[i];
		door->asked_count--;
		memmove(&door->asked[i], &door->asked[i + 1], (door->asked_count - i) * sizeof door->asked[0]);
		wipe(&door->asked[door->asked_count], sizeof door->asked[0]);
		return true;
	}
	return false;
}

size_t door_list(struct door *door, const uint8_t *key)
{
	if (door->listed_count == DOOR_LISTED)
		return 0;
	memcpy(door->listed[door->listed_count], key, WIRE_PIN_SIZE);
	return ++door->listed_count;
}

void door_wipe(struct door *door)
{
	wipe(door->asked, sizeof door->asked);
	door->asked_count = 0;
}

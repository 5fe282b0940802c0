/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Coming in, waiting at the door, invitations, and who is who; private to src/host. */
#ifndef TCHAT_HOST_DOOR_H
#define TCHAT_HOST_DOOR_H

#include "host/registry.h"

/* --- door.c: coming in */
/* AUTH of somebody with a key: in, to the door, or away. */
void host_door(struct host_peer *peer, const struct wire_auth *auth);
/* Something that was decided about it is kept, or not. */
void host_door_open(struct host_peer *peer, int err);
/* An owner let in who waits. */
void host_door_admitted(struct host_peer *peer);

/* --- knock.c: waiting at the door */
/* 0: it waits, or why it may not. */
int host_knock(struct host_peer *peer);
/* A connection that waits goes. */
void host_door_left(struct host_peer *peer);
struct knock *host_knock_find(struct host *host, const struct trust_pin *pin);
/* NULL when there are too many or memory is out. */
struct knock *host_knock_add(struct host *host, const struct trust_pin *pin, uint8_t change);
/* keep: its record goes as well. */
void host_knock_forget(struct host *host, struct knock *knock, bool keep);
bool host_knock_is_refused(struct host *host, const struct trust_pin *pin);
/* Tells all owners of a change; tells one of all that wait or went away. */
void host_door_told(struct host *host, const struct knock *knock, uint8_t change);
void host_door_tell(struct host_peer *owner);
/* What an owner wants: begun (0 or an error), and done, when it is kept. */
int host_knock_admit(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin);
void host_knock_admitted(struct host *host, const struct trust_pin *pin, const char *by);
int host_knock_refuse(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin);
void host_knock_refused(struct host *host, const struct trust_pin *pin, const char *by);

/* --- moderate.c */
/* Sends a record that a MODERATE waits for; pin may be NULL. */
void host_moderate_keep(struct host_peer *peer, const struct wire_moderate *moderate, const struct trust_pin *pin,
                        struct pending *pending);
void host_moderate_kept(struct host *host, struct pending *pending);

/* --- invitation.c */
struct invitation *host_invitation_find(struct host *host, const uint8_t key[WIRE_PIN_SIZE]);
struct invitation *host_invitation_add(struct host *host, const uint8_t key[WIRE_PIN_SIZE]);
void host_invitation_forget(struct host *host, struct invitation *invitation);
/* Whether it still holds; one that does not is forgotten. */
bool host_invitation_holds(struct host *host, struct invitation *invitation);
void host_invite_kept(struct host *host, struct pending *pending);
void host_invite_frame(struct host_peer *peer, const struct wire_invite *invite);
/* The invitations for further devices of an account are no longer good. */
void host_invitations_end(struct host *host, const struct account *account);
void host_invitations_list(struct host_peer *peer, const struct wire_invitations *wire);
int host_revoke(struct host_peer *peer, const struct wire_moderate *moderate);

/* --- profile.c */
void host_whois(struct host_peer *peer, const struct wire_whois *whois);

#endif

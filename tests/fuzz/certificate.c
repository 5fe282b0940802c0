/* SPDX-License-Identifier: GPL-3.0-or-later */
/* libFuzzer: any bytes as the certificate that a peer shows. What is read twice says the same. */
#include "trust/credentials.h"

#include "base/errors.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	struct trust_pin pin, former, again, former_again;
	bool rotated = false, rotated_again = false;
	int err = trust_certificate_read(bytes, length, &pin, &former, &rotated);
	demand(err == 0 || err == TCHAT_ERR_SYNTAX || err == TCHAT_ERR_MEMORY);
	demand(trust_certificate_read(bytes, length, &again, &former_again, &rotated_again) == err);
	if (err != 0)
		return 0;
	demand(trust_pin_equal(&pin, &again) && rotated == rotated_again);
	demand(!rotated || (trust_pin_equal(&former, &former_again) && !trust_pin_equal(&pin, &former)));
	return 0;
}

package app_test

import (
	"reflect"
	"testing"

	"albumen/app"
)

// testedElsewhere are use-cases whose rows need more of a stage than a table
// gives; the test that has them is named.
var testedElsewhere = map[string]string{
	"ReceiveMedia":  "TestReceiveAccess",
	"CreateUpload":  "TestUploadAccess",
	"UploadByID":    "TestUploadAccess",
	"TakeUpload":    "TestUploadAccess",
	"AppendUpload":  "TestUploadAccess",
	"FinishUpload":  "TestUploadAccess",
	"CancelUpload":  "TestUploadAccess",
	"Undo":          "TestUndoBelongsToWhoDidIt",
	"RevokeToken":   "TestTokensOfOthersDoNotExist",
	"UserByEmail":   "TestUserManagementAccess",
	"SuspendUser":   "TestUserManagementAccess",
	"ResetPassword": "TestUserManagementAccess",

	"BeginPasskey":       "TestPasskeyAccess",
	"AddPasskey":         "TestPasskeyAccess",
	"RenamePasskey":      "TestPasskeyAccess",
	"RemovePasskey":      "TestPasskeyAccess",
	"BeginTOTP":          "TestFactorAccess",
	"BeginLinking":       "TestIdentityAccess",
	"Unlink":             "TestIdentityAccess",
	"FinishOIDC":         "TestIdentityAccess",
	"PendingTOTP":        "TestFactorAccess",
	"ConfirmTOTP":        "TestFactorAccess",
	"TurnOffTOTP":        "TestFactorAccess",
	"NewRecoveryCodes":   "TestFactorAccess",
	"RemoveSecondFactor": "TestFactorAccess",
	"ChangePassword":     "TestChangeOfPasswordAndAddressAccess",
	"RequestEmailChange": "TestChangeOfPasswordAndAddressAccess",
	"RequestDeletion":    "TestDeletionAccess",
	"MailProof":          "TestMailedCodeAccess",
	"OpenExport":         "TestACopyOfOnesData",
	"EndSession":         "TestSessionsOfOthersDoNotExist",
	"Avatar":             "TestAvatarAccess",
	"SetAvatar":          "TestAvatarAccess",
	"UserDetail":         "TestUserManagementAccess",
	"SetUserAdmin":       "TestUserManagementAccess",
	"SetUserQuota":       "TestUserManagementAccess",
	"DeleteUser":         "TestUserManagementAccess",
	"Group":              "TestUserManagementAccess",
	"RenameGroup":        "TestUserManagementAccess",
	"DeleteGroup":        "TestUserManagementAccess",
	"AddGroupMember":     "TestUserManagementAccess",
	"RemoveGroupMember":  "TestUserManagementAccess",
	"Members":            "TestMemberAccess",
	"AddMember":          "TestMemberAccess",
	"SetMemberRole":      "TestMemberAccess",
	"RemoveMember":       "TestMemberAccess",
	"LeaveAlbum":         "TestMemberAccess",
	"TransferAlbum":      "TestMemberAccess",

	"Neighbours":     "TestNeighboursAccess",
	"SiteState":      "TestTheSiteIsForAdministrators",
	"RetryFailed":    "TestTheSiteIsForAdministrators",
	"RetryAllFailed": "TestTheSiteIsForAdministrators",

	"ResendInvitation": "TestInvitationAccess",
	"RevokeInvitation": "TestInvitationAccess",
	"Invitation":       "TestInvitationAccess",
	"AcceptInvitation": "TestInvitationAccess",
}

// withoutActor are the doors through which an actor comes in: reviewed one by
// one, they decide by secrets and not by rights.
var withoutActor = []string{
	"OpenLink", "UnlockLink",
	"ActorOfToken", "SignIn", "CreateTokenWithPassword", "FirstRun", "FirstRunCode", "FinishFirstRun",
	"AcceptInvitationAsNew",
	"PublicSite", "FormStamp", "Policy", "SignUp", "ConfirmSignUp", "RequestLink", "CheckLink", "ResetWithLink", "ConfirmEmail", "RevertEmail", "BeginSignInStep", "SignInStep", "FinishSignInStep", "IdentityProviderName", "BeginOIDC",
	"PasskeysPossible", "BeginPasskeySignIn", "SignInWithPasskey", "BeginPasskeyStep", "FinishPasskeyStep",
}

// Every exported use-case takes an Actor and has its rows, or is on the list.
func TestEveryUseCaseIsAccountedFor(t *testing.T) {
	typ := reflect.TypeFor[*app.App]()
	actor := reflect.TypeFor[app.Actor]()
	for i := range typ.NumMethod() {
		m := typ.Method(i)
		takesActor := m.Type.NumIn() > 2 && m.Type.In(2) == actor
		listed := 0
		for name := range mediaAccess {
			if name == m.Name {
				listed++
			}
		}
		if _, ok := ownAccess[m.Name]; ok {
			listed++
		}
		if _, ok := albumAccess[m.Name]; ok {
			listed++
		}
		if _, ok := testedElsewhere[m.Name]; ok {
			listed++
		}
		for _, name := range withoutActor {
			if name == m.Name {
				listed += 10
			}
		}
		switch {
		case takesActor && listed != 1:
			t.Errorf("%s has %d rows in the access tables, want one", m.Name, listed)
		case !takesActor && listed != 10:
			t.Errorf("%s takes no actor and is not on the reviewed list", m.Name)
		}
	}
}

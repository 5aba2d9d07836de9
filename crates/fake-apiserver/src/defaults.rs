//! What the server fills in where a built-in object leaves it out, as far as an operator that switches or scales looks at it.

use serde_json::{Value, json};

use crate::Resource;

/// Fills in what is missing.
pub(crate) fn fill(resource: &Resource, object: &mut Value) {
    if *resource == Resource::DEPLOYMENTS {
        let rolling =
            json!({"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"}});
        fill_in(
            &mut object["spec"],
            &json!({"replicas": 1, "strategy": rolling, "progressDeadlineSeconds": 600}),
        );
    } else if *resource == Resource::REPLICA_SETS {
        fill_in(&mut object["spec"], &json!({"replicas": 1}));
    } else if *resource == Resource::AUTOSCALERS {
        fill_in(&mut object["spec"], &json!({"minReplicas": 1}));
    } else if *resource == Resource::SERVICES {
        fill_in(&mut object["spec"], &json!({"type": "ClusterIP", "sessionAffinity": "None"}));
        for port in object["spec"]["ports"].as_array_mut().into_iter().flatten() {
            let number = port["port"].clone();
            fill_in(port, &json!({"protocol": "TCP", "targetPort": number}));
        }
    } else if *resource == Resource::PODS {
        fill_in(
            &mut object["spec"],
            &json!({"terminationGracePeriodSeconds": 30, "restartPolicy": "Always"}),
        );
    }
}

fn fill_in(object: &mut Value, defaults: &Value) {
    for (key, value) in defaults.as_object().into_iter().flatten() {
        if object[key].is_null() {
            object[key].clone_from(value);
        }
    }
}
